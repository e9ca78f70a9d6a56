#include "api/ws/replay.h"

#include <utility>

#include "net/ws_close.h"

namespace globes::api {
namespace {

void take_step(CoreLink& core_link, chat::CatchUp::Reader reader, chat::ConnectionId connection,
               const chat::CatchUp::Step& step) {
    net::WsHub& hub = core_link.io().hub();
    net::WsSession* session = hub.find(connection);
    if (session == nullptr) return;
    if (!step.is_ok) return session->close(net::kCloseTryAgainLater, net::close_code_name(net::kCloseTryAgainLater));
    for (const roomlog::Slice& frames : step.frames) session->send_frames(frames);
    if (step.live) return hub.subscribe(*session, reader.room, *step.live);
    reader.after = step.after;
    session->when_sent([&core_link, reader, connection] { catch_up(core_link, reader, connection); });
}

}  // namespace

void catch_up(CoreLink& core_link, const chat::CatchUp::Reader& reader, chat::ConnectionId connection) {
    core_link.replays().acquire([&core_link, reader, connection](ConcurrencyLimiter::Permit permit) {
        auto reply =
            core_link.reply([&core_link, reader, connection, permit = std::move(permit)](
                                const chat::CatchUp::Step& step) { take_step(core_link, reader, connection, step); });
        core_link.tell_core([reader, reply = std::move(reply)](chat::Core& core) mutable {
            core.catch_up().read(reader, std::move(reply));
        });
    });
}

}  // namespace globes::api
