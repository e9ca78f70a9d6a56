// Parses the bytes of a request: HeadParser the request line and headers, ChunkParser a chunked body. They refuse every
// request that two servers in a chain may interpret differently (request smuggling, RFC 9112, 11.2): folded lines,
// lists of lengths, two framings, unknown codings, trailers that could act as headers, misplaced spaces and line ends
// (docs/adr/0013-one-http-parser.md).
//
// State machines without I/O. The result does not depend on how the bytes are split into calls, and a fault is refused
// with the line that contains it. Owned by the reader of one connection, whose thread makes all calls.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "net/http_message.h"

namespace globes::net {

struct HttpLimits {
    std::size_t head_bytes = std::size_t{16} << 10;  ///< Request line and headers; the same again for trailers.
    std::size_t body_bytes = std::size_t{64} << 10;  ///< Without the framing of chunks.
    std::size_t chunk_line_bytes = 256;              ///< A chunk's size and extensions.
};

/// The status of the response to an invalid request. The connection cannot be used afterwards.
struct HttpRefusal {
    int status = 400;  ///< 400, 413 (body), 414 (request line) or 431 (headers, trailers).

    friend bool operator==(const HttpRefusal&, const HttpRefusal&) = default;
};

using HttpParsed = std::expected<void, HttpRefusal>;

/// One line that ends with CRLF and has no control characters except tabs.
class LineParser {
public:
    enum class Step : std::uint8_t { more, complete, bad };
    /// Moves `bytes` into the line until it is complete.
    Step parse(std::string_view& bytes);
    /// The bytes so far; without the CRLF if the line is complete.
    std::string_view text() const { return text_; }
    void clear() { text_.clear(); }

private:
    std::string text_;
    bool after_cr_ = false;
};

/// Request line and headers. One empty line before them is ignored (RFC 9112, 2.2).
class HeadParser {
public:
    explicit HeadParser(const HttpLimits& limits) : limits_(limits) {}

    /// Removes from `bytes` those that belong to the head: all, unless it is complete. MUST NOT be called again after a
    /// refusal.
    HttpParsed parse(std::string_view& bytes);

    /// Returns true also if the request is refused only because of the size of its body.
    bool is_complete() const { return complete_; }
    /// Returns false until a byte other than those of an empty line has arrived.
    bool has_begun() const { return bytes_ > 0; }

    // Valid if the head is complete:
    /// The request without its body. An absolute target is replaced by its path and query, and its host replaces Host
    /// (RFC 9112, 3.2.2). `Upgrade` of HTTP/1.0 is left out (RFC 9110, 7.8).
    HttpRequest& request() { return request_; }
    bool is_chunked() const { return chunked_; }
    /// 0 if the request has no Content-Length.
    std::uint64_t content_length() const { return content_length_.value_or(0); }
    /// Whether the client waits for 100 Continue before it sends the body (RFC 9110, 10.1.1).
    bool expects_continue() const { return expects_continue_; }

private:
    bool end_line(std::string_view line);
    bool add_request_line(std::string_view line);
    bool add_header(std::string_view line);
    bool end_head();
    bool set_keep_alive();

    const HttpLimits& limits_;
    LineParser line_;
    HttpRequest request_;
    std::size_t bytes_ = 0;  // of the head so far
    int hosts_ = 0;
    std::optional<std::uint64_t> content_length_;
    bool chunked_ = false;
    bool expects_continue_ = false;
    bool has_skipped_line_ = false;
    bool has_request_line_ = false;
    bool complete_ = false;
};

/// A chunked body with its trailers (RFC 9112, 7.1). Trailers are checked and then discarded.
class ChunkParser {
public:
    explicit ChunkParser(const HttpLimits& limits) : limits_(limits) {}

    /// Removes from `bytes` those that belong to the body: all, unless it is complete. Appends their data to `body`.
    /// MUST NOT be called again after a refusal.
    HttpParsed parse(std::string_view& bytes, std::string& body);

    bool is_complete() const { return state_ == State::complete; }

private:
    enum class State : std::uint8_t { size_line, data, data_end, trailers, complete };
    std::optional<HttpRefusal> parse_line(std::string_view& bytes);
    std::size_t line_bytes_left() const;
    std::optional<HttpRefusal> end_size_line();
    std::optional<HttpRefusal> end_trailer();

    const HttpLimits& limits_;
    State state_ = State::size_line;
    LineParser line_;
    std::size_t data_left_ = 0;  // of the chunk
    std::size_t body_bytes_ = 0;
    std::size_t trailer_bytes_ = 0;
};

}  // namespace globes::net
