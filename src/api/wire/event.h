// Events as JSON, in both directions (docs/protocol.md#chatting), and as WebSocket frames. Plain functions and a class
// without state, any thread.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "chat/event.h"
#include "chat/room_record.h"

namespace globes::api {

/// Parses the payload of a text frame. Checks the fields in the order event_type, name, msg, color, id, and reports the
/// first invalid one. An invalid color is dropped, an empty text in an optional field counts as absent, unknown fields
/// are ignored.
///
/// Error: invalid_json with the field; without a field if the payload is not a JSON object (see `read_json_object`).
/// The refusal has the name and the id of the event if they are valid.
std::expected<chat::ClientEvent, chat::EventRefusal> parse_client_event(std::string_view frame);

/// Appends the event as all participants of its room receive it. The same event gives the same bytes, live and in the
/// history.
void append_event_json(std::string& out, const chat::Event& event);

/// Encodes an event as a text frame with its JSON. The core uses it, which knows neither JSON nor frames.
class FrameEncoder final : public chat::EventEncoder {
public:
    void append_frame(std::string& out, const chat::Event& event) const override;
};

/// An `error` event, for the sender alone. It always has a `name` and a `msg`, so that a client that shows every frame
/// as a message shows a sentence.
std::string error_event_json(chat::RoomId room, const chat::EventRefusal& refusal);

/// For the sender of a stored send with an id, if its connection uses globes.v1.
std::string ack_json(std::string_view client_id, std::uint64_t seq, bool is_duplicate);

/// The first frame of a connection that uses globes.v1. Fields as in docs/protocol.md.
struct Welcome {
    chat::RoomId room = 0;
    std::uint64_t seq = 0;              ///< Of the newest event; 0 if the room has none.
    std::optional<UnixMicros> at = {};  ///< The time of that event, if it is known.
    std::span<const chat::RoomUser> users = {};
    std::size_t online = 0;
    bool resumed = false;
    std::string_view session = {};
};
std::string welcome_json(const Welcome& welcome);

/// The limit of the texts of a page of history, and again of its events as JSON, in bytes.
inline constexpr std::size_t kMaxHistoryBytes = std::size_t{1} << 20;

/// A page of history: the same event objects as live, byte for byte. `first_seq`, `last_seq`: the visible range.
/// Events beyond kMaxHistoryBytes are left out: the newest, or the oldest if `keeps_newest`; never all.
std::string history_json(chat::RoomId room, std::uint64_t first_seq, std::uint64_t last_seq,
                         std::span<const chat::Event> events, bool keeps_newest);

}  // namespace globes::api
