#include "api/core_link.h"

#include "api/wire/event.h"
#include "net/ws_close.h"

namespace globes::api {
namespace {

net::CloseCode close_code(chat::Ending ending) {
    switch (ending) {
        case chat::Ending::authorization_ended:
            return net::kCloseAuthorizationEnded;
        case chat::Ending::replaced:
            return net::kCloseReplaced;
        case chat::Ending::room_deleted:
            return net::kCloseRoomDeleted;
    }
    return net::kCloseInternalError;
}

}  // namespace

void CoreLink::send_refusal(net::WsSession& session, chat::RoomId room, const chat::EventRefusal& refusal) {
    counts_.add_refusal(refusal.error.code);
    session.send_direct(roomlog::Opcode::text, error_event_json(room, refusal));
}

void CoreLink::extend(chat::RoomId room, const roomlog::Slice& slice) {
    add([this, room, slice] { io_.hub().extend(room, slice); });
}

void CoreLink::refuse(chat::RoomId room, chat::ConnectionId connection, chat::EventRefusal refusal) {
    add([this, room, connection, refusal = std::move(refusal)] {
        if (net::WsSession* session = io_.hub().find(connection)) send_refusal(*session, room, refusal);
    });
}

void CoreLink::acknowledge(chat::ConnectionId connection, const std::string& client_id, std::uint64_t seq,
                           bool is_duplicate) {
    add([this, connection, json = ack_json(client_id, seq, is_duplicate)] {
        if (net::WsSession* session = io_.hub().find(connection)) session->send_direct(roomlog::Opcode::text, json);
    });
}

void CoreLink::send(chat::ConnectionId connection, std::string frames) {
    add([this, connection, frames = std::move(frames)] {
        if (net::WsSession* session = io_.hub().find(connection)) session->send_direct_frames(frames);
    });
}

void CoreLink::end(chat::ConnectionId connection, chat::Ending ending) {
    add([this, connection, code = close_code(ending)] {
        if (net::WsSession* session = io_.hub().find(connection)) session->close(code, net::close_code_name(code));
    });
}

void CoreLink::flush() {
    GLOBES_ASSERT_ON(core_->thread());
    if (!to_io_.empty()) io_.post(std::exchange(to_io_, {}));
}

}  // namespace globes::api
