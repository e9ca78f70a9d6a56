// Reads the requests of a connection: passes its bytes to the parsers of head and body, and keeps what follows a
// request. A state machine without I/O and time. Owned by one session, whose thread makes all calls.
#pragma once

#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "net/http_message.h"
#include "net/http_parser.h"

namespace globes::net {

class HttpReader {
public:
    using Outcome = std::expected<HttpRequest, HttpRefusal>;

    /// `limits` MUST outlive the reader.
    explicit HttpReader(const HttpLimits& limits);
    ~HttpReader();
    HttpReader(const HttpReader&) = delete;
    HttpReader& operator=(const HttpReader&) = delete;

    /// Appends `bytes` to the unread bytes of earlier calls. Returns the next request, or a refusal if the bytes are
    /// not a valid request, or nothing if more bytes are needed.
    ///
    /// 1. Bytes after a request are kept; `consume({})` continues with them.
    /// 2. The result does not depend on how the bytes are split into calls.
    /// 3. After a refusal, MUST NOT be called again.
    /// 4. Between requests the reader holds no memory except unread bytes.
    ///
    /// The caller sets `client` and `is_secure`.
    std::optional<Outcome> consume(std::string_view bytes);

    /// Whether no byte of the next request has arrived.
    bool is_idle() const;
    /// Whether the head is complete and the body is not.
    bool is_in_body() const;
    /// The request whose body is being read. The caller may set members of it.
    HttpRequest& head();
    /// Returns true once for a request whose client waits for 100 Continue, if no byte of its body has arrived.
    bool take_continue();
    /// Ends reading. Returns the head of the refused request, if it was read.
    HttpRequest take_refused();
    /// Ends reading. Returns the bytes after the last request.
    std::string take_unread();

private:
    struct Partial;
    std::optional<Outcome> read(std::string_view& bytes);

    const HttpLimits& limits_;
    std::unique_ptr<Partial> partial_;  // null between requests
    std::string unread_;
    std::size_t unread_begin_ = 0;
};

}  // namespace globes::net
