// Checks of a request before Beast parses it. Beast 1.81 accepts requests that two servers in a chain may interpret
// differently (request smuggling): folded lines, lists of lengths, unknown codings, trailers that become headers, and
// misplaced spaces. These checks find the end of a request and refuse all of these (RFC 9112, 11.2).
//
// State machines without I/O. The result does not depend on how the bytes are split into calls. Owned by the reader of
// one connection, whose thread makes all calls.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

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

/// One line that ends with CRLF and has no control characters except tabs.
class LineCheck {
public:
    enum class Step : std::uint8_t { more, complete, bad };
    Step add(char c);
    /// The bytes so far; without the CRLF if the line is complete.
    std::string_view text() const { return text_; }
    void clear() { text_.clear(); }

private:
    std::string text_;
    bool after_cr_ = false;
};

/// Request line and headers. One empty line before them is ignored (RFC 9112, 2.2).
class HeadCheck {
public:
    explicit HeadCheck(const HttpLimits& limits) : limits_(limits) {}

    /// Checks the next bytes and returns how many of them belong to the head: all, unless it is complete. MUST NOT be
    /// called again after a refusal.
    std::expected<std::size_t, HttpRefusal> check(std::string_view bytes);

    bool is_complete() const { return complete_; }
    /// Returns false until a byte other than those of an empty line has arrived.
    bool has_begun() const { return bytes_ > 0; }

    // Valid if the head is complete:
    /// The offset of the request line: the size of the ignored empty line.
    std::size_t begin() const { return passed_over_; }
    int minor_version() const { return minor_version_; }
    bool is_chunked() const { return chunked_; }
    /// Empty if the request has no Content-Length. Always empty if `is_chunked`.
    std::optional<std::uint64_t> content_length() const { return content_length_; }
    /// Whether the client waits for 100 Continue before it sends the body (RFC 9110, 10.1.1).
    bool expects_continue() const { return expects_continue_; }

private:
    bool end_line(std::string_view line);
    bool check_request_line(std::string_view line);
    bool check_field(std::string_view line);
    bool check_framing() const;

    const HttpLimits& limits_;
    LineCheck line_;
    std::size_t bytes_ = 0;  // of the head so far
    std::size_t passed_over_ = 0;
    int minor_version_ = 0;
    int hosts_ = 0;
    std::optional<std::uint64_t> content_length_;
    bool chunked_ = false;
    bool expects_continue_ = false;
    bool has_request_line_ = false;
    bool complete_ = false;
};

/// A chunked body with its trailers (RFC 9112, 7.1).
class ChunkCheck {
public:
    explicit ChunkCheck(const HttpLimits& limits) : limits_(limits) {}

    /// Checks the next bytes and returns how many of them belong to the body: all, unless it is complete. MUST NOT be
    /// called again after a refusal.
    std::expected<std::size_t, HttpRefusal> check(std::string_view bytes);

    bool is_complete() const { return state_ == State::complete; }
    /// Whether the size of the last chunk has arrived and the trailers are not complete.
    bool is_in_trailers() const { return state_ == State::trailers; }

private:
    enum class State : std::uint8_t { size_line, data, data_end, trailers, complete };
    std::optional<HttpRefusal> add_to_line(char c);
    std::optional<HttpRefusal> end_size_line();
    std::optional<HttpRefusal> end_trailer();

    const HttpLimits& limits_;
    State state_ = State::size_line;
    LineCheck line_;
    std::uint64_t data_left_ = 0;  // of the chunk
    std::size_t body_bytes_ = 0;
    std::size_t trailer_bytes_ = 0;
};

}  // namespace globes::net
