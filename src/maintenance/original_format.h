// The rooms and messages of the original system, of which Globes is a new implementation, as dumps of its database show
// them: what they become here, and what had to be changed for that (docs/moving-from-the-original.md). Plain functions,
// any thread.
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

/// What an import leaves out or changes. Each is counted and told.
enum class OriginalNote : std::uint8_t {
    // Left out:
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

/// Whether entries with that note are not imported.
constexpr bool leaves_out(OriginalNote note) { return note <= OriginalNote::exported_twice; }

/// What a count stands in front of: `joins and leaves`.
std::string_view note_text(OriginalNote note);

struct OriginalRoom {
    /// Times that the dump does not tell are 0. The title may be that of another room.
    chat::RoomRecord record;
};

struct OriginalMessage {
    chat::Event event;    ///< Without a seq; the time is 0 if the dump does not tell it. The text may be too long.
    std::string id = {};  ///< 24 hexadecimal digits; empty if it has none.
    /// An `_id` that is no ObjectId and gives no order, in a form that is equal for equal ones; empty if it has none.
    std::string other_id = {};
};

/// An entry of a dump; nothing if it is left out.
struct OriginalEntry {
    std::variant<std::monostate, OriginalRoom, OriginalMessage> content = {};
    std::vector<OriginalNote> notes = {};
};

/// Why an entry can't be imported, in words for the operator. Never quotes it: it may hold a password.
class OriginalFault : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// `json`: an object, as `DocumentReader` finds it. Throws OriginalFault.
OriginalEntry read_original_entry(std::string_view json);

/// The first, second, … title like `title` for a room that can't have that one: with its id behind it.
std::string title_with_id(const std::string& title, chat::RoomId id, unsigned attempt);

/// `text` in pieces that a message may have, in order; the text itself if it is one.
std::vector<std::string> message_parts(std::string_view text);
/// How many these are.
std::uint64_t count_message_parts(std::string_view text);

}  // namespace globes::maintenance
