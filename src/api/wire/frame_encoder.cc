#include "api/wire/frame_encoder.h"

#include "api/wire/event.h"
#include "roomlog/frame.h"

namespace globes::api {

void FrameEncoder::append_frame(std::string& out, const chat::Event& event) const {
    std::string json;
    append_event_json(json, event);
    roomlog::append_frame(out, roomlog::Opcode::text, json);
}

}  // namespace globes::api
