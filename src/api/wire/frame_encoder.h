// Events as WebSocket frames: JSON in a text frame. For the core, which doesn't know either.
#pragma once

#include "chat/event_encoder.h"

namespace globes::api {

class FrameEncoder final : public chat::EventEncoder {
public:
    void append_frame(std::string& out, const chat::Event& event) const override;
};

}  // namespace globes::api
