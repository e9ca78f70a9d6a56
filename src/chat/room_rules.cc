#include "chat/room_rules.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "base/text.h"
#include "chat/event.h"

namespace globes::chat {
namespace {

std::unexpected<Error> refused(std::string_view field) {
    return std::unexpected(Error{ErrorCode::room_invalid_content, field});
}

bool is_all_digits(std::string_view text) {
    return std::ranges::all_of(text, [](char byte) { return byte >= '0' && byte <= '9'; });
}

/// Clients cannot request a room with such a title by its path: they remove dot segments from a URL before they send
/// it, percent-encoded ones too (URL Standard, 4.1).
bool is_dot_segment(std::string_view title) { return title == "." || title == ".."; }

}  // namespace

Result<CheckedRoom> check_draft(const RoomDraft& draft) {
    // A new room is checked as a change of an empty public room. An absent title or visibility is refused as an empty
    // one.
    RoomPatch patch = draft;
    if (!patch.title) patch.title.emplace();
    if (!patch.visibility) patch.visibility.emplace();
    Result<CheckedPatch> checked = check_patch(RoomRecord{}, patch);
    if (!checked) return std::unexpected(checked.error());

    CheckedRoom room{.record = std::move(checked->record), .password = std::move(checked->new_password)};
    assert(room.password.has_value() == (room.record.visibility != Visibility::public_room));
    room.record.token_epoch = 0;
    if (draft.owner) {
        room.record.owned = true;
        room.owner_name = draft.owner_name.value_or(std::string(kDefaultOwnerName));
        if (!is_valid_name(room.owner_name)) return refused("name");
    }
    return room;
}

Result<CheckedPatch> check_patch(const RoomRecord& current, const RoomPatch& patch) {
    CheckedPatch checked{.record = current};
    RoomRecord& record = checked.record;

    if (patch.title) {
        record.title = trim(*patch.title);
        if (!is_valid_title(record.title) || is_dot_segment(record.title)) return refused("title");
    }
    if (patch.description) {
        if (!is_valid_description(*patch.description)) return refused("description");
        record.description = *patch.description;
    }
    if (patch.visibility) {
        const std::optional<Visibility> visibility = visibility_from_text(*patch.visibility);
        if (!visibility) return refused("visibility");
        record.visibility = *visibility;
    }

    const bool is_public = record.visibility == Visibility::public_room;
    const bool was_public = current.visibility == Visibility::public_room;
    if (patch.password) {
        // A public room has no password: the client must change the visibility too.
        if (is_public) return refused("visibility");
        if (!is_valid_password(*patch.password)) return refused("password");
        checked.new_password = patch.password;
    } else if (was_public && !is_public) {
        return refused("password");
    }
    if (is_public) record.password_hash.clear();

    if (patch.retention_s) {
        if (*patch.retention_s < 0 || *patch.retention_s > kMaxRetentionSeconds) return refused("retention");
        record.retention_s = static_cast<std::uint64_t>(*patch.retention_s);
    }
    if (patch.max_events) {
        if (*patch.max_events < 0 || *patch.max_events > kMaxMaxEvents) return refused("max_events");
        record.max_events = static_cast<std::uint64_t>(*patch.max_events);
    }

    checked.ends_tokens = checked.new_password || record.visibility != current.visibility;
    if (checked.ends_tokens) record.token_epoch = new_token_epoch(record.token_epoch);
    return checked;
}

RoomRecord public_chat(UnixMicros created_at) {
    return {.id = kPublicChatId,
            .title = "Public Chat",
            .description = "This is the default chat, available to everyone!",
            .created_at = created_at,
            .updated_at = created_at};
}

bool is_valid_title(std::string_view title) {
    const std::size_t length = count_code_points(title);
    return length >= kMinTitleLength && length <= kMaxTitleLength && !is_all_digits(title) &&
           !has_control_character(title) && trim(title) == title;
}

bool is_valid_description(std::string_view description) {
    return count_code_points(description) <= kMaxDescriptionLength && !has_control_character(description);
}

bool is_valid_password(std::string_view password) {
    return password.size() >= kMinPasswordBytes && password.size() <= kMaxPasswordBytes && !password.contains('\0');
}

}  // namespace globes::chat
