#include "net/request_check.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "base/text.h"
#include "net/http_message.h"

namespace globes::net {
namespace {

constexpr HttpRefusal kBadRequest{400};
constexpr HttpRefusal kBodyTooLarge{413};
constexpr HttpRefusal kRequestLineTooLong{414};
constexpr HttpRefusal kHeadersTooLarge{431};

struct Field {
    std::string_view name;
    std::string_view value;
};

/// Parses a header or trailer line. Returns nothing if the line is folded or if the colon does not follow the name
/// immediately, because another server may read a different header there.
std::optional<Field> split_field(std::string_view line) {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || !is_http_token(line.substr(0, colon))) return std::nullopt;
    return Field{line.substr(0, colon), trim_blanks(line.substr(colon + 1))};
}

/// Parses digits only: no sign, no list, at most 64 bits.
std::optional<std::uint64_t> parse_length(std::string_view text, int base) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

/// Whether `text` has only characters of a host and port (RFC 3986, 3.2.2). It may be empty.
bool is_host(std::string_view text) {
    constexpr std::string_view kMarks = "-._~%!$&'()*+;=:[]";
    return std::ranges::all_of(text, [&](char c) {
        return (c >= '0' && c <= '9') || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z') || kMarks.contains(c);
    });
}

/// Whether `target` is a path, an absolute URI, or `*` (RFC 9112, 3.2), as an origin server expects. Bytes beyond ASCII
/// are accepted, because many clients do not encode them; the router decodes them.
bool is_target(std::string_view method, std::string_view target) {
    if (target.contains('\t')) return false;
    if (target.starts_with('/')) return true;
    if (target == "*") return method == "OPTIONS";
    for (const std::string_view scheme : {"http://", "https://"}) {
        if (!equals_ignoring_case(target.substr(0, scheme.size()), scheme)) continue;
        target.remove_prefix(scheme.size());
        const std::string_view authority = target.substr(0, target.find_first_of("/?"));
        return !authority.empty() && is_host(authority);
    }
    return false;
}

/// Parses the extensions of a chunk (RFC 9112, 7.1.1) from left to right.
class ExtensionText {
public:
    explicit ExtensionText(std::string_view text) : rest_(text) {}

    /// *( BWS ";" BWS name [ BWS "=" BWS ( token / quoted-string ) ] )
    bool is_well_formed() {
        while (!rest_.empty()) {
            skip_blanks();
            if (!skip(';')) return false;
            skip_blanks();
            if (!skip_token()) return false;
            const std::string_view behind_name = rest_;
            skip_blanks();
            if (!skip('=')) {
                rest_ = behind_name;
                continue;
            }
            skip_blanks();
            if (!skip_token() && !skip_quoted()) return false;
        }
        return true;
    }

private:
    void skip_blanks() { rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t"), rest_.size())); }
    bool skip(char c) {
        if (!rest_.starts_with(c)) return false;
        rest_.remove_prefix(1);
        return true;
    }
    bool skip_token() {
        std::size_t length = 0;
        while (length < rest_.size() && is_http_token(rest_.substr(length, 1))) ++length;
        rest_.remove_prefix(length);
        return length > 0;
    }
    bool skip_quoted() {
        if (!skip('"')) return false;
        while (!rest_.empty()) {
            if (skip('"')) return true;
            rest_.remove_prefix(rest_.starts_with('\\') && rest_.size() > 1 ? 2 : 1);
        }
        return false;
    }

    std::string_view rest_;
};

}  // namespace

LineCheck::Step LineCheck::add(char c) {
    if (std::exchange(after_cr_, false)) return c == '\n' ? Step::complete : Step::bad;
    if (c == '\r') {
        after_cr_ = true;
        return Step::more;
    }
    const bool is_control = (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == '\x7F';
    if (is_control) return Step::bad;
    text_.push_back(c);
    return Step::more;
}

// --- the head --------------------------------------------------------------------------------------------------------

std::expected<std::size_t, HttpRefusal> HeadCheck::check(std::string_view bytes) {
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        ++bytes_;
        const LineCheck::Step step = line_.add(bytes[i]);
        if (step == LineCheck::Step::bad) return std::unexpected(kBadRequest);
        if (step == LineCheck::Step::complete) {
            if (!end_line(line_.text())) return std::unexpected(kBadRequest);
            line_.clear();
            if (complete_) return i + 1;
        }
        if (bytes_ == limits_.head_bytes)
            return std::unexpected(has_request_line_ ? kHeadersTooLarge : kRequestLineTooLong);
    }
    return bytes.size();
}

bool HeadCheck::end_line(std::string_view line) {
    if (!has_request_line_) {
        if (line.empty() && passed_over_ == 0) {
            passed_over_ = std::exchange(bytes_, 0);
            return true;
        }
        has_request_line_ = true;
        return check_request_line(line);
    }
    if (!line.empty()) return check_field(line);
    complete_ = true;
    return check_framing();
}

bool HeadCheck::check_request_line(std::string_view line) {
    const std::size_t method_end = line.find(' ');
    const std::size_t target_end = line.rfind(' ');
    if (method_end == target_end) return false;  // one space, or no space
    const std::string_view method = line.substr(0, method_end);
    const std::string_view target = line.substr(method_end + 1, target_end - method_end - 1);
    const std::string_view version = line.substr(target_end + 1);
    if (version != "HTTP/1.1" && version != "HTTP/1.0") return false;
    minor_version_ = version.back() - '0';
    return is_http_token(method) && !target.contains(' ') && is_target(method, target);
}

bool HeadCheck::check_field(std::string_view line) {
    const auto field = split_field(line);
    if (!field) return false;
    if (equals_ignoring_case(field->name, "host")) {
        ++hosts_;
        return is_host(field->value);
    }
    if (equals_ignoring_case(field->name, "content-length")) {
        // Two equal lengths are refused too: an intermediary may have added the second one.
        if (content_length_) return false;
        content_length_ = parse_length(field->value, 10);
        return content_length_.has_value();
    }
    if (equals_ignoring_case(field->name, "transfer-encoding")) {
        // Only one `chunked` is supported. In a list with another coding it would be more than the framing.
        if (chunked_) return false;
        chunked_ = equals_ignoring_case(field->value, "chunked");
        return chunked_;
    }
    if (equals_ignoring_case(field->name, "expect"))
        expects_continue_ = expects_continue_ || equals_ignoring_case(field->value, "100-continue");
    return true;
}

bool HeadCheck::check_framing() const {
    if (chunked_ && (content_length_ || minor_version_ == 0)) return false;
    return hosts_ == 1 || (hosts_ == 0 && minor_version_ == 0);
}

// --- chunks ----------------------------------------------------------------------------------------------------------

std::expected<std::size_t, HttpRefusal> ChunkCheck::check(std::string_view bytes) {
    std::size_t looked_at = 0;
    while (looked_at < bytes.size() && !is_complete()) {
        if (state_ == State::data) {
            const std::uint64_t data = std::min<std::uint64_t>(data_left_, bytes.size() - looked_at);
            looked_at += static_cast<std::size_t>(data);
            data_left_ -= data;
            if (data_left_ == 0) state_ = State::data_end;
        } else if (const auto refusal = add_to_line(bytes[looked_at++])) {
            return std::unexpected(*refusal);
        }
    }
    return looked_at;
}

std::optional<HttpRefusal> ChunkCheck::add_to_line(char c) {
    const LineCheck::Step step = line_.add(c);
    if (step == LineCheck::Step::bad) return kBadRequest;
    const bool complete = step == LineCheck::Step::complete;
    switch (state_) {
        case State::size_line:
            if (complete) return end_size_line();
            if (line_.text().size() > limits_.chunk_line_bytes) return kBadRequest;
            break;
        case State::data_end:
            if (!line_.text().empty()) return kBadRequest;  // more data than the size
            if (complete) state_ = State::size_line;
            break;
        default:
            if (complete && line_.text().empty()) {
                state_ = State::complete;
            } else if (++trailer_bytes_ == limits_.head_bytes) {
                return kHeadersTooLarge;
            } else if (complete) {
                return end_trailer();
            }
    }
    return std::nullopt;
}

std::optional<HttpRefusal> ChunkCheck::end_size_line() {
    const std::string_view line = line_.text();
    const std::size_t digits = std::min(line.find_first_not_of("0123456789abcdefABCDEF"), line.size());
    const auto size = parse_length(line.substr(0, digits), 16);
    if (!size || !ExtensionText(line.substr(digits)).is_well_formed()) return kBadRequest;
    if (*size > limits_.body_bytes - body_bytes_) return kBodyTooLarge;
    body_bytes_ += static_cast<std::size_t>(*size);
    data_left_ = *size;
    state_ = *size == 0 ? State::trailers : State::data;
    line_.clear();
    return std::nullopt;
}

std::optional<HttpRefusal> ChunkCheck::end_trailer() {
    // Headers for framing and routing have no effect after the body, so they are not allowed here (RFC 9110, 6.5.1).
    constexpr std::array<std::string_view, 5> kForbidden{"content-length", "transfer-encoding", "host", "connection",
                                                         "proxy-connection"};
    const auto field = split_field(line_.text());
    if (!field) return kBadRequest;
    if (std::ranges::any_of(kForbidden, [&](std::string_view name) { return equals_ignoring_case(field->name, name); }))
        return kBadRequest;
    line_.clear();
    return std::nullopt;
}

}  // namespace globes::net
