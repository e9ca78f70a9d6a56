#include "base/env_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/config_error.h"

namespace globes {
namespace {

constexpr std::string_view kBlanks = " \t";
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

std::string_view trim_blanks(std::string_view text) {
    const auto first = text.find_first_not_of(kBlanks);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

bool is_key(std::string_view text) {
    constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_";
    constexpr std::string_view kDigits = "0123456789";
    if (text.empty() || kDigits.contains(text.front())) return false;
    for (const char c : text)
        if (!kLetters.contains(c) && !kDigits.contains(c)) return false;
    return true;
}

/// `text` starts with a quote. None if the quote stays open, an escape is unknown or anything but a comment follows.
std::optional<std::string> unquote(std::string_view text) {
    const char quote = text.front();
    std::string value;
    std::size_t at = 1;
    for (; at < text.size() && text[at] != quote; ++at) {
        if (quote == '\'' || text[at] != '\\') {
            value.push_back(text[at]);
            continue;
        }
        if (++at == text.size()) return std::nullopt;
        switch (text[at]) {
            case 'n':
                value.push_back('\n');
                break;
            case '"':
            case '\\':
            case '$':
            case '`':
                value.push_back(text[at]);
                break;
            default:
                return std::nullopt;
        }
    }
    if (at == text.size()) return std::nullopt;
    const auto rest = trim_blanks(text.substr(at + 1));
    if (!rest.empty() && rest.front() != '#') return std::nullopt;
    return value;
}

/// `text` is all behind the `=`, as written.
std::optional<std::string> parse_value(std::string_view text) {
    const auto value = trim_blanks(text);
    if (value.starts_with('"') || value.starts_with('\'')) return unquote(value);
    // A `#` within a word is part of it (`pa#ss`), one behind a blank starts a comment, also right behind the `=`.
    for (std::size_t at = 1; at < text.size(); ++at)
        if (text[at] == '#' && kBlanks.contains(text[at - 1])) return std::string(trim_blanks(text.substr(0, at)));
    return std::string(value);
}

}  // namespace

std::vector<EnvEntry> parse_env_file(std::string_view text, std::string_view file_name) {
    std::vector<EnvEntry> entries;
    if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
    for (std::size_t number = 1; !text.empty(); ++number) {
        const auto end = std::min(text.find('\n'), text.size());
        auto line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (line.ends_with('\r')) line.remove_suffix(1);
        line = trim_blanks(line);
        if (line.empty() || line.front() == '#') continue;

        constexpr std::string_view kExport = "export";
        if (line.starts_with(kExport) && line.size() > kExport.size() && kBlanks.contains(line[kExport.size()]))
            line = trim_blanks(line.substr(kExport.size()));
        const auto equals = line.find('=');
        const auto key = trim_blanks(line.substr(0, equals));
        if (equals == std::string_view::npos || !is_key(key))
            throw ConfigError(fmt::format("{}: line {}: must be KEY=VALUE", file_name, number));
        auto value = parse_value(line.substr(equals + 1));
        if (!value)
            throw ConfigError(fmt::format("{}: {}: the quoted value on line {} is broken", file_name, key, number));
        entries.push_back({std::string(key), *std::move(value)});
    }
    return entries;
}

}  // namespace globes
