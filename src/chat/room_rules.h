// What a room may be and how it may change (docs/protocol.md#rooms). Plain functions, any thread; whether a title is
// taken is not known here: the core checks that last. Every text given here must be valid UTF-8.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "chat/room_record.h"

namespace globes::chat {

inline constexpr std::size_t kMinTitleLength = 2;  ///< Code points, as all lengths but the password's.
inline constexpr std::size_t kMaxTitleLength = 70;
inline constexpr std::size_t kMaxDescriptionLength = 70;
inline constexpr std::size_t kMinPasswordBytes = 8;
inline constexpr std::size_t kMaxPasswordBytes = 72;  ///< All that bcrypt looks at.
inline constexpr std::int64_t kMaxRetentionSeconds = std::int64_t{100} * 365 * 24 * 3600;
inline constexpr std::int64_t kMaxMaxEvents = std::int64_t{1} << 53;
inline constexpr std::string_view kDefaultOwnerName = "owner";

/// A change of a room as somebody asks for it, unchecked. What is left out keeps its value.
struct RoomPatch {
    std::optional<std::string> title = {};
    std::optional<std::string> description = {};
    std::optional<std::string> visibility = {};
    std::optional<std::string> password = {};
    std::optional<std::int64_t> retention_s = {};
    std::optional<std::int64_t> max_events = {};
};

/// A new room as somebody asks for it, unchecked.
struct RoomDraft : RoomPatch {
    bool owner = false;
    std::optional<std::string> owner_name = {};
};

/// A change that may be carried out.
struct CheckedPatch {
    /// The room after the change, apart from the hash of a new password and from `updated_at`.
    RoomRecord record;
    /// To be hashed into `record.password_hash`; none: the hash stays as it is in `record`.
    std::optional<std::string> new_password = {};
    /// Room tokens given out so far end; `record.token_epoch` is counted up already.
    bool ends_tokens = false;
};

/// A new room that may be created.
struct CheckedRoom {
    /// Apart from the id, the hash of `password` and the times.
    RoomRecord record;
    /// To be hashed into `record.password_hash`; none for a public room.
    std::optional<std::string> password = {};
    /// For the owner's token; empty where `record.owned` is false.
    std::string owner_name = {};
};

/// Error: room_invalid_content with the first offending field in the order title, description, visibility, password,
/// retention, max_events, name.
Result<CheckedRoom> check_draft(const RoomDraft& draft);

/// Errors as `check_draft`. Pure: where hashing takes its time, the same check is made again on the record of that
/// moment.
Result<CheckedPatch> check_patch(const RoomRecord& current, const RoomPatch& patch);

/// Room 1 as the server makes it where it is missing.
RoomRecord public_chat(UnixMicros created_at);

/// 2..70 characters, not all of them ASCII digits (that would be an id), no control character, no blank at its ends. A
/// room may not get the title `..`, but one that has it from an earlier version keeps it.
bool is_valid_title(std::string_view title);

/// At most 70 characters, no control character.
bool is_valid_description(std::string_view description);

/// 8..72 bytes without U+0000.
bool is_valid_password(std::string_view password);

}  // namespace globes::chat
