// How an event looks on the wire: asked for once for each event, when it is appended to its room's log.
#pragma once

#include <string>

#include "chat/event.h"

namespace globes::chat {

/// Any thread; the same event always gives the same bytes.
class EventEncoder {
public:
    virtual ~EventEncoder() = default;
    /// Appends one complete WebSocket frame to `out`.
    virtual void append_frame(std::string& out, const Event& event) const = 0;
};

}  // namespace globes::chat
