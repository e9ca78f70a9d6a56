#include "api/replay.h"

#include <utility>

#include "net/ws_close.h"

namespace globes::api {
namespace {

void take_step(IoLane& lane, chat::RoomId room, chat::ConnectionId connection, const chat::Core::CatchUp& step) {
    net::WsHub& hub = lane.io().hub();
    net::WsSession* session = hub.find(connection);
    if (session == nullptr) return;
    if (!step.is_ok) return session->close(net::kCloseTryAgainLater, net::close_code_name(net::kCloseTryAgainLater));
    for (const log::Slice& frames : step.frames) session->send_frames(frames);
    if (step.live) return hub.subscribe(*session, room, *step.live);
    session->when_sent([&lane, room, connection, after = step.after] { catch_up(lane, room, connection, after); });
}

}  // namespace

void catch_up(IoLane& lane, chat::RoomId room, chat::ConnectionId connection, std::uint64_t after) {
    lane.replays().take([&lane, room, connection, after] {
        auto reply = lane.reply([&lane, room, connection](const chat::Core::CatchUp& step) {
            take_step(lane, room, connection, step);
            lane.replays().give_back();
        });
        lane.tell_core([room, after, reply = std::move(reply)](chat::Core& core) mutable {
            core.catch_up(room, after, std::move(reply));
        });
    });
}

}  // namespace globes::api
