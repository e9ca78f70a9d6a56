// Rooms and messages of the original system, of which Globes is a new implementation, in dumps of its database: their
// conversion, and the changes that it needs (docs/moving-from-the-original.md). Plain functions, any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "chat/event.h"
#include "chat/room_record.h"

namespace globes::maintenance {

/// What an import omits or changes. Each is counted and reported.
enum class OriginalNote : std::uint8_t {
    // Omitted:
    join_or_leave,
    other_event,
    empty_message,
    no_room,
    exported_twice,
    // Changed:
    title_changed,
    title_taken,
    description_changed,
    hash_dropped,
    room_time_guessed,
    name_changed,
    color_dropped,
    message_split,
    message_time_guessed,
};
inline constexpr std::size_t kOriginalNotes = 14;

/// Whether entries with that note are omitted.
constexpr bool leaves_out(OriginalNote note) { return note <= OriginalNote::exported_twice; }

/// The text after a count: `joins and leaves`.
std::string_view note_text(OriginalNote note);

struct OriginalRoom {
    /// Times that are absent in the dump are 0. The title may be that of another room.
    chat::RoomRecord record;
};

struct OriginalMessage {
    chat::Event event;    ///< Without a seq; the time is 0 if it is absent in the dump. The text may be too long.
    std::string id = {};  ///< 24 hexadecimal digits; empty if it has none.
    /// An `_id` that is not an ObjectId and defines no order, in a canonical form; empty if it has none.
    std::string other_id = {};
};

/// An entry of a dump; empty if it is omitted.
struct OriginalEntry {
    std::variant<std::monostate, OriginalRoom, OriginalMessage> content = {};
    std::vector<OriginalNote> notes = {};
};

/// Why an entry cannot be imported, with a message for the operator. Never quotes the entry, because it may contain a
/// password.
class OriginalFault : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// `json`: an object, as `DocumentReader` finds it. Throws OriginalFault.
OriginalEntry read_original_entry(std::string_view json);

/// The first, second, … variant of `title` for a room whose title is taken: with its id as a suffix.
std::string title_with_id(const std::string& title, chat::RoomId id, unsigned attempt);

/// `text` in parts of a valid length, in order; the text itself if it is short enough.
std::vector<std::string> message_parts(std::string_view text);
/// The number of these parts.
std::uint64_t count_message_parts(std::string_view text);

}  // namespace globes::maintenance
