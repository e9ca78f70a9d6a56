// The interface from a WebSocket session to the layer that understands its messages. The upgrade creates a handler, and
// the session owns it.
#pragma once

#include <string_view>

namespace globes::net {

class WsSession;

/// Thread: the session's I/O thread.
class WsHandler {
public:
    virtual ~WsHandler() = default;

    /// Handles a complete text message in valid UTF-8. `message` is valid during the call only. May close the session.
    virtual void on_text(WsSession& session, std::string_view message) = 0;
    /// Returns whether the session answers a ping. May close the session.
    virtual bool on_ping(WsSession& session) = 0;
    /// The session has left the open state: one side has closed it, or the connection is lost. Called once; no other
    /// call follows.
    virtual void on_closed() = 0;
};

}  // namespace globes::net
