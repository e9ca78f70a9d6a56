#include "api/io_lane.h"

#include "api/chat_socket.h"
#include "api/error_table.h"

namespace globes::api {

void IoLane::extend(chat::RoomId room, const log::Slice& slice) {
    to_io_.add([this, room, slice] { io_.hub().extend(room, slice); });
}

void IoLane::refuse(chat::RoomId room, chat::ConnectionId connection, const Error& error, std::string client_id) {
    to_io_.add([this, room, connection, error, client_id = std::move(client_id)] {
        if (net::WsSession* session = io_.hub().find(connection)) send_refusal(*session, room, error, client_id);
    });
}

void IoLane::end(chat::ConnectionId connection, chat::Ending ending) {
    to_io_.add([this, connection, ending] {
        if (net::WsSession* session = io_.hub().find(connection)) end_session(*session, ending);
    });
}

void IoLane::flush() {
    if (!to_io_.empty()) io_.post(std::exchange(to_io_, {}));
}

}  // namespace globes::api
