#include "api/frame_encoder.h"

#include "api/wire_event.h"
#include "log/frame.h"

namespace globes::api {

void FrameEncoder::append_frame(std::string& out, const chat::Event& event) const {
    std::string json;
    append_event_json(json, event);
    log::append_frame(out, log::Opcode::text, json);
}

}  // namespace globes::api
