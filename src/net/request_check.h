// What must hold for a request before Beast's parser gets to see it. Beast 1.81 lets through what two servers in a row
// may understand in two ways (request smuggling): folded lines, lists of lengths, codings that it does not know,
// trailers that become headers, blanks where none may be. These checks are strict, decide where a request ends, and
// refuse the rest (RFC 9112, 11.2).
//
// State machines without I/O: bytes in, in pieces of any size; what comes out does not depend on how they were cut.
// Owned by the reader of one connection; one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace globes::net {

struct HttpLimits {
    std::size_t head_bytes = std::size_t{16} << 10;  ///< Request line and headers; the trailers have as much again.
    std::size_t body_bytes = std::size_t{64} << 10;  ///< Without the framing of chunks.
    std::size_t chunk_line_bytes = 256;              ///< A chunk's size and extensions.
};

/// The status to refuse a request with; the connection can't be used afterwards.
struct HttpRefusal {
    int status = 400;  ///< 400, 413 (body), 414 (request line) or 431 (headers, trailers).

    friend bool operator==(const HttpRefusal&, const HttpRefusal&) = default;
};

/// One line, which ends in CRLF and has no other control character than tabs.
class LineCheck {
public:
    enum class Step : std::uint8_t { more, complete, bad };
    Step add(char c);
    /// The line, without its CRLF once it is complete.
    std::string_view text() const { return text_; }
    void clear() { text_.clear(); }

private:
    std::string text_;
    bool after_cr_ = false;
};

/// Request line and headers. One empty line in front of them is passed over (RFC 9112, 2.2).
class HeadCheck {
public:
    explicit HeadCheck(const HttpLimits& limits) : limits_(limits) {}

    /// Looks at the next bytes and returns how many of them belong to the head: all, unless it is complete. Not to be
    /// called again after a refusal.
    std::expected<std::size_t, HttpRefusal> check(std::string_view bytes);

    bool is_complete() const { return complete_; }
    /// False as long as nothing but an empty line has come.
    bool has_begun() const { return bytes_ > 0; }

    // Once it is complete:
    /// Where the request line begins: bytes of the empty line that was passed over.
    std::size_t begin() const { return passed_over_; }
    int minor_version() const { return minor_version_; }
    bool is_chunked() const { return chunked_; }
    /// None where no length was sent. Never beside `is_chunked`.
    std::optional<std::uint64_t> content_length() const { return content_length_; }
    /// The client waits for 100 Continue before it sends the body (RFC 9110, 10.1.1).
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

    /// Looks at the next bytes and returns how many of them belong to the body: all, unless it is complete. Not to be
    /// called again after a refusal.
    std::expected<std::size_t, HttpRefusal> check(std::string_view bytes);

    bool is_complete() const { return state_ == State::complete; }
    /// The size of the last chunk has come, and what follows it is not complete.
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
