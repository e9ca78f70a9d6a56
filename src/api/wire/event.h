// Events in JSON, both ways (docs/protocol.md#chatting). Plain functions, any thread.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "chat/client_event.h"
#include "chat/event.h"
#include "chat/room_view.h"

namespace globes::api {

/// Reads one text frame's payload. The fields are checked in the order event_type, name, msg, color, id; the first
/// fault counts. A text that is no colour is dropped, an empty text in an optional field is left out, unknown fields
/// are ignored.
///
/// Error: invalid_json with the field; without one where the frame is no JSON object at all (see `read_json_object`).
std::expected<chat::ClientEvent, chat::EventRefusal> parse_client_event(std::string_view frame);

/// Appends the event as everyone in its room gets it. The same event gives the same bytes, live and from history.
void append_event_json(std::string& out, const chat::Event& event);

/// An `error` event, for the sender alone; `retry_after_ms` beside the error where waiting helps. It always has a
/// `name` and a `msg`, so that a client that shows every frame as a message shows a sentence.
std::string error_event_json(chat::RoomId room, const chat::EventRefusal& refusal,
                             std::optional<std::int64_t> retry_after_ms = std::nullopt);

/// For the sender of a stored send with an id, where it speaks globes.v1.
std::string ack_json(std::string_view client_id, std::uint64_t seq, bool is_duplicate);

/// The first frame of a connection that speaks globes.v1.
struct Welcome {
    chat::RoomId room = 0;
    std::uint64_t seq = 0;              ///< The newest one.
    std::optional<UnixMicros> at = {};  ///< Its time, as far as it is known.
    std::span<const chat::RoomUser> users = {};
    std::size_t online = 0;
    bool resumed = false;
    std::string_view session = {};
};
std::string welcome_json(const Welcome& welcome);

/// A page of history: the same event objects as live, byte for byte.
std::string history_json(chat::RoomId room, std::uint64_t first_seq, std::uint64_t last_seq,
                         std::span<const chat::Event> events);

}  // namespace globes::api
