// Makes requests out of a connection's bytes: our own checks decide where a request ends and what is refused, Beast
// parses what has passed them. Without I/O and time. Owned by one session, whose thread makes all calls.
#pragma once

#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "net/http_message.h"
#include "net/request_check.h"

namespace globes::net {

class HttpReader {
public:
    using Outcome = std::expected<HttpRequest, HttpRefusal>;

    /// `limits` must outlive the reader.
    explicit HttpReader(const HttpLimits& limits);
    ~HttpReader();
    HttpReader(const HttpReader&) = delete;
    HttpReader& operator=(const HttpReader&) = delete;

    /// Takes `bytes`, behind what is unread from earlier calls, and returns the next request, or why what came is none.
    /// Nothing where more bytes are needed.
    ///
    /// 1. What follows a request is kept; `feed({})` goes on with it.  2. How the bytes are cut into calls changes
    /// nothing.  3. After a refusal there is no next request: feed nothing more.
    /// 4. Between requests no memory is held, but for what is unread.
    ///
    /// Trailers are checked and then dropped: nothing that comes behind a body may act as a header. Of an absolute
    /// target, path and query remain, and its host takes the place of Host (RFC 9112, 3.2.2). `Upgrade` on HTTP/1.0 is
    /// left out (RFC 9110, 7.8). `peer_address` is left to the caller.
    std::optional<Outcome> consume(std::string_view bytes);

    /// No request has begun.
    bool is_idle() const;
    /// The head is complete and the body is not.
    bool is_in_body() const;
    /// True once for a request whose client waits for 100 Continue, if none of its body has come.
    bool take_continue();
    /// Ends reading: of the request that was refused, its head, where that was read.
    HttpRequest take_refused();
    /// Ends reading: what came behind the last request.
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
