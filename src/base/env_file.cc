#include "base/env_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/config_values.h"
#include "base/text.h"

namespace globes {
namespace {

constexpr std::string_view kBlanks = " \t";

constexpr std::string_view kSpecial = " \t'\"#$\\`;|<>()";
constexpr std::string_view kNeedsSingleQuotes =
    "a value with blanks, quotes, ~ or any of #$\\`;|<>() is read differently by other programs; put it in single "
    "quotes";
constexpr std::string_view kNotInDoubleQuotes =
    "$, \\ and ` in double quotes are read differently by other programs; put the value in single quotes";
constexpr std::string_view kBackslashBeforeQuote =
    "a \\ before the closing quote is read differently by other programs";
constexpr std::string_view kBehindQuote = "only a comment may follow the closing quote, after a blank";
constexpr std::string_view kControlCharacter = "has a control character";
constexpr std::string_view kNotUtf8 = "must be UTF-8";

std::string_view trim_left(std::string_view text) {
    return text.substr(std::min(text.find_first_not_of(kBlanks), text.size()));
}

/// The line that `text` begins with, without its end.
std::string_view first_line(std::string_view text) {
    auto line = text.substr(0, text.find('\n'));
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
}

/// Keys of any program: docker compose and dotenv accept more than letters, digits and `_`.
bool is_key(std::string_view text) {
    constexpr std::string_view kCharacters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-";
    return !text.empty() && text.find_first_not_of(kCharacters) == std::string_view::npos;
}

bool has_control(std::string_view text) {
    return std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 && c != '\t'; });
}

/// The fault of a value without quotes; empty if it is valid.
std::string_view fault_of_plain(std::string_view value) {
    if (has_control(value)) return kControlCharacter;
    // `&` is special only in a shell, but most connection strings contain it, without quotes.
    const bool is_home = value.starts_with('~') || value.contains(":~");
    const bool is_special = is_home || value.find_first_of(kSpecial) != std::string_view::npos;
    return is_special ? kNeedsSingleQuotes : std::string_view();
}

/// `text`: the line after the `=`.
std::string_view without_comment(std::string_view text) {
    text = trim_left(text);
    return trim_blanks(text.substr(0, text.find(" #")));
}

/// `value`: the text between the quotes.
std::string_view fault_of_quoted(char quote, std::string_view value) {
    // All programs accept line feeds within quotes, but not CRLF.
    for (auto rest = value; !rest.empty(); rest.remove_prefix(std::min(rest.find('\n'), rest.size() - 1) + 1))
        if (has_control(rest.substr(0, rest.find('\n')))) return kControlCharacter;
    if (quote == '\'') return value.ends_with('\\') ? kBackslashBeforeQuote : std::string_view();
    return value.find_first_of("$\\`") != std::string_view::npos ? kNotInDoubleQuotes : std::string_view();
}

/// Whether the rest of a line after a closing quote is blank or a comment.
bool is_comment(std::string_view rest) {
    return trim_blanks(rest).empty() || (kBlanks.contains(rest.front()) && trim_left(rest).starts_with('#'));
}

/// The position of the quote that closes the one at the start of `text`; npos if it is not closed.
std::size_t closing_quote(std::string_view text) {
    for (std::size_t at = 1; at < text.size(); ++at) {
        if (text[at] == text.front()) return at;
        if (text.front() == '"' && text[at] == '\\') ++at;
    }
    return std::string_view::npos;
}

class EnvReader {
public:
    EnvReader(std::string_view text, std::string_view file_name) : text_(text), file_name_(file_name) {}

    std::vector<EnvEntry> read() {
        std::vector<EnvEntry> entries;
        while (!text_.empty()) {
            const auto line = trim_blanks(first_line(text_));
            if (line.empty() || line.front() == '#')
                skip(text_.find('\n'));
            else
                entries.push_back(read_entry(line));
        }
        return entries;
    }

private:
    EnvEntry read_entry(std::string_view line) {
        constexpr std::string_view kExport = "export";
        if (line.starts_with(kExport) && line.size() > kExport.size() && kBlanks.contains(line[kExport.size()]))
            line = trim_left(line.substr(kExport.size()));
        const auto equals = line.find('=');
        const auto key = trim_blanks(line.substr(0, equals));
        if (equals == std::string_view::npos || !is_key(key))
            throw ConfigError(fmt::format("{}: line {}: must be KEY=VALUE", file_name_, number_));
        EnvEntry entry{.key = std::string(key), .value = {}, .line = number_};
        text_.remove_prefix(text_.find('=') + 1);
        auto fault = read_value(entry);
        if (fault.empty() && !is_valid_utf8(entry.value)) fault = kNotUtf8;
        if (!fault.empty()) {
            entry.value.clear();
            entry.fault = fault;
        }
        return entry;
    }

    /// Reads from after the `=` to the end of the entry. Returns the fault of the value; empty if it is valid.
    std::string_view read_value(EnvEntry& entry) {
        const auto value = trim_left(text_);
        if (value.starts_with('"') || value.starts_with('\'')) return read_quoted(entry, value);
        entry.value = without_comment(first_line(text_));
        skip(text_.find('\n'));
        return fault_of_plain(entry.value);
    }

    /// `text`: from the opening quote to the end of the file.
    std::string_view read_quoted(EnvEntry& entry, std::string_view text) {
        const auto end = closing_quote(text);
        const bool is_on_one_line = end < text.find('\n');
        const auto behind = first_line(text.substr(std::min(end + 1, text.size())));
        // Otherwise it would be unclear which of the following lines belong to the value.
        if (!is_on_one_line && (end == std::string_view::npos || !is_comment(behind)))
            throw ConfigError(
                fmt::format("{}: {}: the quote on line {} is not closed", file_name_, entry.key, entry.line));
        entry.value = text.substr(1, end - 1);
        text_ = text;
        skip(text_.find('\n', end));
        return is_comment(behind) ? fault_of_quoted(text.front(), entry.value) : kBehindQuote;
    }

    /// Skips to after the line break at `end`, or to the end of the file.
    void skip(std::size_t end) {
        const auto skipped = text_.substr(0, end == std::string_view::npos ? end : end + 1);
        number_ += static_cast<std::size_t>(std::ranges::count(skipped, '\n'));
        text_.remove_prefix(skipped.size());
    }

    std::string_view text_;  // the unread rest
    const std::string_view file_name_;
    std::size_t number_ = 1;  // of the first line in `text_`
};

}  // namespace

std::vector<EnvEntry> parse_env_file(std::string_view text, std::string_view file_name) {
    if (const auto encoding = wide_encoding(text); !encoding.empty())
        throw ConfigError(fmt::format("{}: is {}, must be UTF-8", file_name, encoding));
    return EnvReader(without_byte_order_mark(text), file_name).read();
}

}  // namespace globes
