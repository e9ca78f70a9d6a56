// The rules for rooms and their changes (docs/protocol.md#rooms). Plain functions. Thread: any. All texts MUST be valid
// UTF-8. That a title is unique is not checked here: the core checks it last.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "chat/room_record.h"

namespace globes::chat {

inline constexpr std::size_t kMinTitleLength = 2;  ///< All lengths are in code points, except the password's.
inline constexpr std::size_t kMaxTitleLength = 70;
inline constexpr std::size_t kMaxDescriptionLength = 70;
inline constexpr std::size_t kMinPasswordBytes = 8;
inline constexpr std::size_t kMaxPasswordBytes = 72;  ///< bcrypt ignores further bytes.
inline constexpr std::int64_t kMaxRetentionSeconds = std::int64_t{100} * 365 * 24 * 3600;
inline constexpr std::int64_t kMaxMaxEvents = std::int64_t{1} << 53;
inline constexpr std::string_view kDefaultOwnerName = "owner";

/// A requested change of a room, unchecked. Absent fields keep their value.
struct RoomPatch {
    std::optional<std::string> title = {};
    std::optional<std::string> description = {};
    std::optional<std::string> visibility = {};
    std::optional<std::string> password = {};
    std::optional<std::int64_t> retention_s = {};
    std::optional<std::int64_t> max_events = {};
};

/// A requested new room, unchecked.
struct RoomDraft : RoomPatch {
    bool owner = false;
    std::optional<std::string> owner_name = {};
};

/// A valid change.
struct CheckedPatch {
    /// The record after the change, except the hash of a new password and `updated_at`.
    RoomRecord record;
    /// The caller hashes it into `record.password_hash`. If it is absent, the hash in `record` is complete.
    std::optional<std::string> new_password = {};
    /// Room tokens that were issued before become invalid: `record.token_epoch` is another one.
    bool ends_tokens = false;
};

/// A valid new room.
struct CheckedRoom {
    /// Complete except for the id, the salt, the hash of `password` and the times.
    RoomRecord record;
    /// The caller hashes it into `record.password_hash`. Absent for a public room.
    std::optional<std::string> password = {};
    /// The name in the owner's token; empty if `record.owned` is false.
    std::string owner_name = {};
};

/// Error: room_invalid_content with the first invalid field in the order title, description, visibility, password,
/// retention, max_events, name.
Result<CheckedRoom> check_draft(const RoomDraft& draft);

/// Errors: as `check_draft`. If the record changes while the caller hashes the password, the caller checks the patch
/// again, on the newer record.
Result<CheckedPatch> check_patch(const RoomRecord& current, const RoomPatch& patch);

/// Returns the record of Public Chat for a store that does not have it, without a salt.
RoomRecord public_chat(UnixMicros created_at);

/// 2..70 characters, not only ASCII digits (that would be an id), no control character, no blank at either end. `..` is
/// valid because rooms of earlier versions have it, but `check_draft` and `check_patch` refuse it.
bool is_valid_title(std::string_view title);

/// At most 70 characters, no control character.
bool is_valid_description(std::string_view description);

/// 8..72 bytes without U+0000.
bool is_valid_password(std::string_view password);

}  // namespace globes::chat
