// What net asks of whoever understands the messages. Given to a connection when it is upgraded and owned by it.
#pragma once

#include <string_view>

namespace globes::net {

class WsSession;

/// All calls: the session's I/O thread.
class WsHandler {
public:
    virtual ~WsHandler() = default;

    /// A whole text message, valid UTF-8. `message` is valid during the call only. May close the session.
    virtual void on_text(WsSession& session, std::string_view message) = 0;
    /// Whether a ping is answered. May close the session.
    virtual bool on_ping(WsSession& session) = 0;
    /// The connection takes no further part: it was closed by either side or got lost. Once; nothing else follows.
    virtual void on_closed() = 0;
};

}  // namespace globes::net
