// Events of a room: how clients request them, how the room stores and encodes them, and the rules for their fields
// (docs/protocol.md#what-a-client-sends). Lengths count Unicode code points; all texts must be valid UTF-8. Values and
// plain functions, any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "chat/room_record.h"

namespace globes::chat {

/// Durable kinds have a `seq` and are stored; live kinds are only appended to the room log. The numbers are stored:
/// never reuse one.
enum class EventKind : std::uint8_t { send = 1, join = 101, leave = 102 };

constexpr bool is_durable(EventKind kind) { return static_cast<std::uint8_t>(kind) < 100; }
/// Whether this version has a name for a stored kind. A store keeps every durable kind, also those of later versions.
constexpr bool is_known(EventKind kind) {
    return kind == EventKind::send || kind == EventKind::join || kind == EventKind::leave;
}

struct Event {
    EventKind kind = EventKind::send;
    RoomId room = 0;
    std::uint64_t seq = 0;  ///< 1, 2, 3 … in each room for durable events; 0 for live ones.
    std::string name = {};
    std::string color = {};      ///< Empty if absent.
    std::string text = {};       ///< `msg` on the wire.
    std::string client_id = {};  ///< `id` on the wire; empty if absent.
    UnixMicros time = 0;

    friend bool operator==(const Event&, const Event&) = default;
};

/// The event that a client requests with one text frame. All fields are valid.
struct ClientEvent {
    EventKind kind = EventKind::send;
    std::string name;
    std::string color;      ///< Empty if absent or not a color.
    std::string text;       ///< Of a send; empty for join and leave, whose text the server writes.
    std::string client_id;  ///< Empty if absent.

    friend bool operator==(const ClientEvent&, const ClientEvent&) = default;
};

/// Why an event was refused, and the fields by which its sender recognizes it.
struct EventRefusal {
    Error error;
    std::string name = {};       ///< Empty if the event has no valid name.
    std::string client_id = {};  ///< Empty if the event has no valid client id.
    /// The time after which the same event may succeed, in milliseconds; absent if waiting does not help.
    std::optional<std::int64_t> retry_after_ms = {};
};

/// Encodes events in the wire format. The same event always gives the same bytes. Thread: any.
class EventEncoder {
public:
    virtual ~EventEncoder() = default;
    /// Appends one complete WebSocket frame to `out`.
    virtual void append_frame(std::string& out, const Event& event) const = 0;
};

inline constexpr std::size_t kMaxNameLength = 32;
inline constexpr std::size_t kMaxTextLength = 4096;
inline constexpr std::size_t kMaxClientIdLength = 64;

/// 1..32 characters, at least one of them visible, and none a control character or a bidi control. Also the rule for
/// names in tokens. Errors: throws std::runtime_error if ICU fails.
bool is_valid_name(std::string_view name);

/// 1..32 characters, none of them a control character. Earlier versions accepted such names, so events may have them.
bool is_storable_name(std::string_view name);

/// 1..4096 characters; line breaks and other control characters are allowed.
bool is_valid_text(std::string_view text);

/// 1..64 characters, without further rules.
bool is_valid_client_id(std::string_view id);

/// One of the 148 color names of CSS in any letter case, or `#rgb` or `#rrggbb`. Keywords without a fixed color
/// (`transparent`, `currentcolor`, system colors) are invalid: the page cannot show a name in them.
/// Source: https://www.w3.org/TR/css-color-4/#named-colors
bool is_color(std::string_view color);

}  // namespace globes::chat
