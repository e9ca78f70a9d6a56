#include "api/replay.h"

#include <utility>

#include "net/ws_close.h"

namespace globes::api {
namespace {

void take_step(IoLane& lane, chat::Core::Reader reader, chat::ConnectionId connection,
               const chat::Core::CatchUp& step) {
    net::WsHub& hub = lane.io().hub();
    net::WsSession* session = hub.find(connection);
    if (session == nullptr) return;
    if (!step.is_ok) return session->close(net::kCloseTryAgainLater, net::close_code_name(net::kCloseTryAgainLater));
    for (const log::Slice& frames : step.frames) session->send_frames(frames);
    if (step.live) return hub.subscribe(*session, reader.room, *step.live);
    reader.after = step.after;
    session->when_sent([&lane, reader, connection] { catch_up(lane, reader, connection); });
}

}  // namespace

void catch_up(IoLane& lane, const chat::Core::Reader& reader, chat::ConnectionId connection) {
    lane.replays().take([&lane, reader, connection] {
        auto reply = lane.reply([&lane, reader, connection](const chat::Core::CatchUp& step) {
            take_step(lane, reader, connection, step);
            lane.replays().give_back();
        });
        lane.tell_core(
            [reader, reply = std::move(reply)](chat::Core& core) mutable { core.catch_up(reader, std::move(reply)); });
    });
}

}  // namespace globes::api
