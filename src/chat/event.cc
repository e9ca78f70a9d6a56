#include "chat/event.h"

#include <algorithm>
#include <iterator>
#include <string>

#include "base/look_alike.h"
#include "base/text.h"

namespace globes::chat {
namespace {

// clang-format off: it would put each name on its own line.
constexpr std::string_view kColorNames[] = {
    "aliceblue", "antiquewhite", "aqua", "aquamarine", "azure", "beige", "bisque", "black", "blanchedalmond", "blue",
    "blueviolet", "brown", "burlywood", "cadetblue", "chartreuse", "chocolate", "coral", "cornflowerblue", "cornsilk",
    "crimson", "cyan", "darkblue", "darkcyan", "darkgoldenrod", "darkgray", "darkgreen", "darkgrey", "darkkhaki",
    "darkmagenta", "darkolivegreen", "darkorange", "darkorchid", "darkred", "darksalmon", "darkseagreen",
    "darkslateblue", "darkslategray", "darkslategrey", "darkturquoise", "darkviolet", "deeppink", "deepskyblue",
    "dimgray", "dimgrey", "dodgerblue", "firebrick", "floralwhite", "forestgreen", "fuchsia", "gainsboro",
    "ghostwhite", "gold", "goldenrod", "gray", "green", "greenyellow", "grey", "honeydew", "hotpink", "indianred",
    "indigo", "ivory", "khaki", "lavender", "lavenderblush", "lawngreen", "lemonchiffon", "lightblue", "lightcoral",
    "lightcyan", "lightgoldenrodyellow", "lightgray", "lightgreen", "lightgrey", "lightpink", "lightsalmon",
    "lightseagreen", "lightskyblue", "lightslategray", "lightslategrey", "lightsteelblue", "lightyellow", "lime",
    "limegreen", "linen", "magenta", "maroon", "mediumaquamarine", "mediumblue", "mediumorchid", "mediumpurple",
    "mediumseagreen", "mediumslateblue", "mediumspringgreen", "mediumturquoise", "mediumvioletred", "midnightblue",
    "mintcream", "mistyrose", "moccasin", "navajowhite", "navy", "oldlace", "olive", "olivedrab", "orange",
    "orangered", "orchid", "palegoldenrod", "palegreen", "paleturquoise", "palevioletred", "papayawhip", "peachpuff",
    "peru", "pink", "plum", "powderblue", "purple", "rebeccapurple", "red", "rosybrown", "royalblue", "saddlebrown",
    "salmon", "sandybrown", "seagreen", "seashell", "sienna", "silver", "skyblue", "slateblue", "slategray",
    "slategrey", "snow", "springgreen", "steelblue", "tan", "teal", "thistle", "tomato", "turquoise", "violet",
    "wheat", "white", "whitesmoke", "yellow", "yellowgreen",
};
// clang-format on
static_assert(std::size(kColorNames) == 148);
static_assert(std::ranges::is_sorted(kColorNames));

constexpr std::size_t kMaxColorName = std::ranges::max(kColorNames, {}, &std::string_view::size).size();

/// Whether `text` has 1 to `max_length` characters. A character has at most four bytes, so a long text is not counted.
bool has_length(std::string_view text, std::size_t max_length) {
    return !text.empty() && text.size() <= 4 * max_length && count_code_points(text) <= max_length;
}

bool is_hex_digit(char byte) {
    return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'f') || (byte >= 'A' && byte <= 'F');
}

}  // namespace

bool is_valid_name(std::string_view name) { return is_storable_name(name) && !is_misleading(name); }

bool is_storable_name(std::string_view name) {
    return has_length(name, kMaxNameLength) && !has_control_character(name);
}

bool is_valid_text(std::string_view text) { return has_length(text, kMaxTextLength); }

bool is_valid_client_id(std::string_view id) { return has_length(id, kMaxClientIdLength); }

bool is_color(std::string_view color) {
    if (color.starts_with('#')) {
        const std::string_view digits = color.substr(1);
        return (digits.size() == 3 || digits.size() == 6) && std::ranges::all_of(digits, is_hex_digit);
    }
    if (color.size() > kMaxColorName) return false;
    std::string lower(color);
    std::ranges::transform(lower, lower.begin(), ascii_lower);
    return std::ranges::binary_search(kColorNames, std::string_view(lower));
}

}  // namespace globes::chat
