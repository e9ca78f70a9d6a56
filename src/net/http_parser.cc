#include "net/http_parser.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "base/text.h"

namespace globes::net {
namespace {

constexpr HttpRefusal kBadRequest{400};
constexpr HttpRefusal kBodyTooLarge{413};
constexpr HttpRefusal kRequestLineTooLong{414};
constexpr HttpRefusal kHeadersTooLarge{431};

struct Field {
    std::string name;  // in lower case
    std::string_view value;
};

/// Parses a header or trailer line. Returns nothing if the line is folded or if the colon does not follow the name
/// immediately, because another server may read a different header there.
std::optional<Field> split_field(std::string_view line) {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || !is_http_token(line.substr(0, colon))) return std::nullopt;
    Field field{std::string(line.substr(0, colon)), trim_blanks(line.substr(colon + 1))};
    std::ranges::transform(field.name, field.name.begin(), ascii_lower);
    return field;
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
    return std::ranges::all_of(text, [&](char c) { return is_ascii_alphanumeric(c) || kMarks.contains(c); });
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

/// Replaces an absolute target by its path and query, and Host by the host of the target.
void make_origin_form(HttpRequest& request) {
    if (request.target.starts_with('/') || request.target == "*") return;
    const std::size_t host_begin = request.target.find("//") + 2;
    const std::size_t host_end = std::min(request.target.find_first_of("/?", host_begin), request.target.size());
    std::string host = request.target.substr(host_begin, host_end - host_begin);
    request.target.erase(0, host_end);
    if (!request.target.starts_with('/')) request.target.insert(0, 1, '/');
    std::erase_if(request.headers, [](const auto& header) { return header.first == "host"; });
    request.headers.emplace_back("host", std::move(host));
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

LineParser::Step LineParser::parse(std::string_view& bytes) {
    if (!after_cr_) {
        const auto run = static_cast<std::size_t>(std::ranges::find_if(bytes, is_control) - bytes.begin());
        text_.append(bytes.substr(0, run));
        bytes.remove_prefix(run);
        if (bytes.empty()) return Step::more;
        if (bytes.front() != '\r') return Step::bad;
        bytes.remove_prefix(1);
        after_cr_ = true;
    }
    if (bytes.empty()) return Step::more;
    if (bytes.front() != '\n') return Step::bad;
    bytes.remove_prefix(1);
    after_cr_ = false;
    return Step::complete;
}

// --- the head --------------------------------------------------------------------------------------------------------

HttpParsed HeadParser::parse(std::string_view& bytes) {
    while (!bytes.empty()) {
        std::string_view rest = bytes.substr(0, limits_.head_bytes - bytes_);
        const std::size_t available = rest.size();
        const LineParser::Step step = line_.parse(rest);
        if (step == LineParser::Step::bad) return std::unexpected(kBadRequest);
        bytes.remove_prefix(available - rest.size());
        bytes_ += available - rest.size();
        if (step == LineParser::Step::complete) {
            if (!end_line(line_.text())) return std::unexpected(kBadRequest);
            line_.clear();
        }
        if (complete_) {
            if (content_length() > limits_.body_bytes) return std::unexpected(kBodyTooLarge);
            break;
        }
        if (bytes_ == limits_.head_bytes)
            return std::unexpected(has_request_line_ ? kHeadersTooLarge : kRequestLineTooLong);
    }
    return {};
}

bool HeadParser::end_line(std::string_view line) {
    if (has_request_line_) return line.empty() ? end_head() : add_header(line);
    if (line.empty() && !has_skipped_line_) {
        has_skipped_line_ = true;
        bytes_ = 0;
        return true;
    }
    has_request_line_ = true;
    return add_request_line(line);
}

bool HeadParser::add_request_line(std::string_view line) {
    const std::size_t method_end = line.find(' ');
    const std::size_t target_end = line.rfind(' ');
    if (method_end == target_end) return false;  // one space, or no space
    const std::string_view method = line.substr(0, method_end);
    const std::string_view target = line.substr(method_end + 1, target_end - method_end - 1);
    const std::string_view version = line.substr(target_end + 1);
    if (version != "HTTP/1.1" && version != "HTTP/1.0") return false;
    if (!is_http_token(method) || target.contains(' ') || !is_target(method, target)) return false;
    request_.method = method;
    request_.target = target;
    request_.minor_version = version.back() - '0';
    return true;
}

bool HeadParser::add_header(std::string_view line) {
    auto field = split_field(line);
    if (!field) return false;
    auto& [name, value] = *field;
    if (name == "host") {
        ++hosts_;
        if (!is_host(value)) return false;
    } else if (name == "content-length") {
        // Two equal lengths are refused too: an intermediary may have added the second one.
        if (content_length_) return false;
        content_length_ = parse_length(value, 10);
        if (!content_length_) return false;
    } else if (name == "transfer-encoding") {
        // Only one `chunked` is supported. In a list with another coding it would be more than the framing.
        if (chunked_ || !equals_ignoring_case(value, "chunked")) return false;
        chunked_ = true;
    } else if (name == "expect") {
        expects_continue_ = expects_continue_ || equals_ignoring_case(value, "100-continue");
    } else if (name == "upgrade" && request_.minor_version == 0) {
        return true;
    }
    request_.headers.emplace_back(std::move(name), value);
    return true;
}

bool HeadParser::end_head() {
    if (chunked_ && (content_length_ || request_.minor_version == 0)) return false;
    if (hosts_ != 1 && (hosts_ != 0 || request_.minor_version != 0)) return false;
    if (!set_keep_alive()) return false;
    make_origin_form(request_);
    complete_ = true;
    return true;
}

/// Old clients send Proxy-Connection in place of Connection.
bool HeadParser::set_keep_alive() {
    bool close = false;
    bool keep_alive = false;
    for (const std::string_view name : {"connection", "proxy-connection"}) {
        for (const std::string_view option : request_.header_list(name)) {
            if (!is_http_token(option)) return false;
            close = close || equals_ignoring_case(option, "close");
            keep_alive = keep_alive || equals_ignoring_case(option, "keep-alive");
        }
    }
    request_.keep_alive = request_.minor_version == 0 ? keep_alive : !close;
    return true;
}

// --- chunks ----------------------------------------------------------------------------------------------------------

HttpParsed ChunkParser::parse(std::string_view& bytes, std::string& body) {
    while (!bytes.empty() && !is_complete()) {
        if (state_ == State::data) {
            const std::string_view data = bytes.substr(0, data_left_);
            body.append(data);
            bytes.remove_prefix(data.size());
            data_left_ -= data.size();
            if (data_left_ == 0) state_ = State::data_end;
        } else if (const auto refusal = parse_line(bytes)) {
            return std::unexpected(*refusal);
        }
    }
    return {};
}

/// The most bytes of the line that may be parsed before its limit is checked, at least 1.
std::size_t ChunkParser::line_bytes_left() const {
    switch (state_) {
        case State::size_line:
            return limits_.chunk_line_bytes + 1 - line_.text().size();
        case State::trailers:
            return limits_.head_bytes - trailer_bytes_;
        default:
            return 1;  // the end of the data is an empty line
    }
}

std::optional<HttpRefusal> ChunkParser::parse_line(std::string_view& bytes) {
    std::string_view rest = bytes.substr(0, line_bytes_left());
    const std::size_t available = rest.size();
    const LineParser::Step step = line_.parse(rest);
    if (step == LineParser::Step::bad) return kBadRequest;
    const bool complete = step == LineParser::Step::complete;
    const std::size_t taken = available - rest.size();
    bytes.remove_prefix(taken);
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
            trailer_bytes_ += taken;
            if (complete && line_.text().empty()) {
                state_ = State::complete;
            } else if (trailer_bytes_ == limits_.head_bytes) {
                return kHeadersTooLarge;
            } else if (complete) {
                return end_trailer();
            }
    }
    return std::nullopt;
}

std::optional<HttpRefusal> ChunkParser::end_size_line() {
    const std::string_view line = line_.text();
    const std::size_t digits = std::min(line.find_first_not_of("0123456789abcdefABCDEF"), line.size());
    const auto size = parse_length(line.substr(0, digits), 16);
    if (!size || !ExtensionText(line.substr(digits)).is_well_formed()) return kBadRequest;
    if (*size > limits_.body_bytes - body_bytes_) return kBodyTooLarge;
    data_left_ = static_cast<std::size_t>(*size);
    body_bytes_ += data_left_;
    state_ = data_left_ == 0 ? State::trailers : State::data;
    line_.clear();
    return std::nullopt;
}

std::optional<HttpRefusal> ChunkParser::end_trailer() {
    // Headers for framing and routing have no effect after the body, so they are not allowed here (RFC 9110, 6.5.1).
    constexpr std::array<std::string_view, 5> kForbidden{"content-length", "transfer-encoding", "host", "connection",
                                                         "proxy-connection"};
    const auto field = split_field(line_.text());
    if (!field || std::ranges::find(kForbidden, field->name) != kForbidden.end()) return kBadRequest;
    line_.clear();
    return std::nullopt;
}

}  // namespace globes::net
