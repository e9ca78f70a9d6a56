#include "chat/room_record.h"

#include <algorithm>
#include <charconv>

#include "base/text.h"

namespace globes::chat {

RoomKey RoomKey::of(std::string_view text) {
    const bool is_id = !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
    if (!is_id) return {.id = std::nullopt, .folded_title = fold_case(text)};
    RoomId id = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
    return {.id = error == std::errc{} ? id : 0, .folded_title = {}};
}

}  // namespace globes::chat
