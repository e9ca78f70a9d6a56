// Validates names, texts, colours and ids of events (docs/protocol.md#what-a-client-sends). Plain functions, any
// thread. Lengths count Unicode code points; every text given here must be valid UTF-8.
#pragma once

#include <cstddef>
#include <string_view>

namespace globes::chat {

inline constexpr std::size_t kMaxNameLength = 32;
inline constexpr std::size_t kMaxTextLength = 4096;
inline constexpr std::size_t kMaxClientIdLength = 64;

/// 1..32 characters, none of them a control character. Also the rule for names in tokens.
bool is_valid_name(std::string_view name);

/// 1..4096 characters; line breaks and other control characters are allowed.
bool is_valid_text(std::string_view text);

/// 1..64 characters of whatever the client likes.
bool is_valid_client_id(std::string_view id);

/// One of the 148 colour names of CSS in any letter case, or `#rgb` or `#rrggbb`. Words that name no fixed colour
/// (`transparent`, `currentcolor`, system colours) don't count: a reader can't paint a name with them.
/// Source: https://www.w3.org/TR/css-color-4/#named-colors
bool is_color(std::string_view color);

}  // namespace globes::chat
