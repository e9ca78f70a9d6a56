#include "chat/room_record.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/random.h"
#include "base/text.h"

namespace globes::chat {
namespace {

constexpr std::size_t kSaltBytes = 16;

}  // namespace

std::string loggable_id(RoomId id) { return id < kFirstRandomRoomId ? std::to_string(id) : "hidden"; }

std::string_view visibility_text(Visibility visibility) {
    switch (visibility) {
        case Visibility::public_room:
            return "public";
        case Visibility::private_room:
            return "private";
        case Visibility::hidden_room:
            return "hidden";
    }
    std::unreachable();
}

std::optional<Visibility> visibility_from_text(std::string_view text) {
    for (const Visibility visibility : {Visibility::public_room, Visibility::private_room, Visibility::hidden_room})
        if (equals_ignoring_case(text, visibility_text(visibility))) return visibility;
    return std::nullopt;
}

std::string new_room_salt() { return random_hex(kSaltBytes); }

std::uint64_t new_token_epoch(std::uint64_t now) {
    // JSON numbers represent all of them exactly, in exports and in other programs that read the database.
    constexpr unsigned kUnusedBits = 64 - 53;
    std::uint64_t epoch = now;
    while (epoch == now || epoch == 0) epoch = SystemRandom()() >> kUnusedBits;
    return epoch;
}

bool is_room_salt(std::string_view text) {
    return text.size() == 2 * kSaltBytes && text.find_first_not_of("0123456789abcdef") == text.npos;
}

RoomKey RoomKey::of(std::string_view text) {
    const bool is_id = !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
    if (!is_id) return {.id = std::nullopt, .folded_title = fold_case(text)};
    RoomId id = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
    return {.id = error == std::errc{} ? id : 0, .folded_title = {}};
}

}  // namespace globes::chat
