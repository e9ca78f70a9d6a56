#include "net/http_reader.h"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/none.hpp>
#include <cstdint>
#include <utility>

#include "base/text.h"

namespace globes::net {
namespace {

namespace http = boost::beast::http;

constexpr HttpRefusal kBadRequest{400};
constexpr HttpRefusal kBodyTooLarge{413};
using Parser = http::request_parser<http::string_body>;
using Checked = std::expected<void, HttpRefusal>;

std::string to_lower(std::string_view text) {
    std::string lower(text);
    std::ranges::transform(lower, lower.begin(), ascii_lower);
    return lower;
}

/// Replaces an absolute target by its path and query, and Host by the host of the target.
void make_origin_form(HttpRequest& request) {
    if (request.target.starts_with('/') || request.target == "*") return;
    const std::size_t host_begin = request.target.find("//") + 2;
    const std::size_t host_end = std::min(request.target.find_first_of("/?", host_begin), request.target.size());
    const std::string host = request.target.substr(host_begin, host_end - host_begin);
    request.target.erase(0, host_end);
    if (!request.target.starts_with('/')) request.target.insert(0, 1, '/');
    std::erase_if(request.headers, [](const auto& header) { return header.first == "host"; });
    request.headers.emplace_back("host", host);
}

}  // namespace

struct HttpReader::Partial {
    explicit Partial(const HttpLimits& limits) : head(limits), chunks(limits) {}

    Checked read_head(std::string_view& bytes, const HttpLimits& limits);
    Checked read_body(std::string_view& bytes);
    Checked read_chunks(std::string_view& bytes);
    Checked parse_head();
    bool has_body() const { return head.is_chunked() || head.content_length().value_or(0) > 0; }
    bool is_complete() const { return parser && parser->is_done(); }

    HeadCheck head;
    ChunkCheck chunks;
    std::string unparsed;            // checked, not parsed yet: the parser needs complete heads and chunk lines
    std::unique_ptr<Parser> parser;  // null until the head is complete
    HttpRequest request;
    bool continue_taken = false;
};

Checked HttpReader::Partial::read_head(std::string_view& bytes, const HttpLimits& limits) {
    const auto taken = head.check(bytes);
    if (!taken) return std::unexpected(taken.error());
    unparsed.append(bytes.substr(0, *taken));
    bytes.remove_prefix(*taken);
    if (!head.is_complete()) return {};
    if (const auto parsed = parse_head(); !parsed) return parsed;
    if (head.content_length().value_or(0) > limits.body_bytes) return std::unexpected(kBodyTooLarge);
    return {};
}

Checked HttpReader::Partial::parse_head() {
    parser = std::make_unique<Parser>();
    // Only our own limits apply. Otherwise the refusal would depend on which of the two checks it first.
    parser->header_limit(static_cast<std::uint32_t>(unparsed.size()));
    parser->body_limit(boost::none);
    parser->eager(false);
    boost::system::error_code error;
    parser->put(boost::asio::buffer(std::string_view(unparsed).substr(head.begin())), error);
    if (error || !parser->is_header_done()) return std::unexpected(kBadRequest);
    const bool same_length = parser->content_length().has_value() == head.content_length().has_value() &&
                             parser->content_length().value_or(0) == head.content_length().value_or(0);
    if (!same_length || parser->chunked() != head.is_chunked()) return std::unexpected(kBadRequest);
    unparsed.clear();
    parser->eager(true);  // parses all chunks in one call

    const auto& message = parser->get();
    request.method = message.method_string();
    request.target = message.target();
    request.minor_version = head.minor_version();
    request.keep_alive = parser->keep_alive();
    for (const auto& field : message) {
        std::string name = to_lower(field.name_string());
        if (request.minor_version == 0 && name == "upgrade") continue;
        request.headers.emplace_back(std::move(name), field.value());
    }
    make_origin_form(request);
    return {};
}

Checked HttpReader::Partial::read_body(std::string_view& bytes) {
    if (bytes.empty() || is_complete()) return {};
    if (head.is_chunked()) return read_chunks(bytes);
    const auto left = static_cast<std::size_t>(*parser->content_length_remaining());
    const std::string_view taken = bytes.substr(0, left);
    bytes.remove_prefix(taken.size());
    boost::system::error_code error;
    parser->put(boost::asio::buffer(taken), error);
    if (error) return std::unexpected(kBadRequest);
    return {};
}

Checked HttpReader::Partial::read_chunks(std::string_view& bytes) {
    const auto taken = chunks.check(bytes);
    if (!taken) return std::unexpected(taken.error());
    unparsed.append(bytes.substr(0, *taken));
    bytes.remove_prefix(*taken);
    // Beast 1.81 asserts that a last chunk which is also the first one does not arrive in pieces.
    if (chunks.is_in_trailers()) return {};
    boost::system::error_code error;
    unparsed.erase(0, parser->put(boost::asio::buffer(unparsed), error));
    if (error && error != http::error::need_more) return std::unexpected(kBadRequest);
    if (parser->is_done() != chunks.is_complete()) return std::unexpected(kBadRequest);
    return {};
}

HttpReader::HttpReader(const HttpLimits& limits) : limits_(limits) {}
HttpReader::~HttpReader() = default;

std::optional<HttpReader::Outcome> HttpReader::consume(std::string_view bytes) {
    if (unread_.empty()) {
        auto outcome = read(bytes);
        unread_ = bytes;
        return outcome;
    }
    unread_.append(bytes);
    std::string_view rest = std::string_view(unread_).substr(unread_begin_);
    auto outcome = read(rest);
    // Pipelined requests are consumed with an offset, so that the rest is not moved for each of them.
    unread_begin_ = unread_.size() - rest.size();
    if (rest.empty()) {
        std::string().swap(unread_);  // frees the memory; an assignment would not
        unread_begin_ = 0;
    }
    return outcome;
}

std::optional<HttpReader::Outcome> HttpReader::read(std::string_view& bytes) {
    if (bytes.empty()) return std::nullopt;
    if (!partial_) partial_ = std::make_unique<Partial>(limits_);
    Checked checked;
    if (!partial_->parser) checked = partial_->read_head(bytes, limits_);
    if (checked && partial_->parser) checked = partial_->read_body(bytes);
    if (!checked) return std::unexpected(checked.error());
    if (!partial_->is_complete()) return std::nullopt;
    const std::unique_ptr<Partial> done = std::move(partial_);
    done->request.body = std::move(done->parser->get().body());
    return std::move(done->request);
}

bool HttpReader::is_idle() const { return !partial_ || !partial_->head.has_begun(); }

bool HttpReader::is_in_body() const { return partial_ && partial_->parser; }

bool HttpReader::take_continue() {
    if (!is_in_body() || !partial_->head.expects_continue() || partial_->continue_taken) return false;
    partial_->continue_taken = true;
    return partial_->request.minor_version == 1 && partial_->parser->get().body().empty() && partial_->unparsed.empty();
}

HttpRequest HttpReader::take_refused() { return partial_ ? std::move(partial_->request) : HttpRequest(); }

std::string HttpReader::take_unread() {
    unread_.erase(0, unread_begin_);
    unread_begin_ = 0;
    return std::exchange(unread_, {});
}

}  // namespace globes::net
