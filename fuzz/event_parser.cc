// Any bytes as one event frame. An accepted event must follow the rules and be equal after writing and parsing it
// again; a refused one must be answered with valid JSON.
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "api/wire/event.h"
#include "api/wire/json.h"
#include "base/text.h"
#include "chat/event.h"

namespace {

using namespace globes;

/// Unlike assert, also active in optimized builds.
void require(bool holds) {
    if (!holds) std::abort();
}

void check_accepted(const chat::ClientEvent& asked) {
    const bool is_send = asked.kind == chat::EventKind::send;
    require(is_valid_utf8(asked.name) && chat::is_valid_name(asked.name));
    require(is_send ? is_valid_utf8(asked.text) && chat::is_valid_text(asked.text) : asked.text.empty());
    require(asked.color.empty() || chat::is_color(asked.color));
    require(asked.client_id.empty() || chat::is_valid_client_id(asked.client_id));

    chat::Event event;
    event.kind = asked.kind;
    event.room = 2;
    event.seq = is_send ? 17 : 0;
    event.name = asked.name;
    event.color = asked.color;
    event.text = asked.text;
    event.client_id = asked.client_id;
    std::string frame;
    api::append_event_json(frame, event);
    const auto again = api::parse_client_event(frame);
    require(again && *again == asked);
}

void check_refused(const chat::EventRefusal& refusal) {
    require(refusal.error.code == ErrorCode::invalid_json);
    require(refusal.name.empty() || chat::is_valid_name(refusal.name));
    std::array<api::JsonField, 4> fields{{{"error"}, {"id"}, {"name"}, {"msg"}}};
    require(api::read_json_object(api::error_event_json(2, refusal), fields));
    require(fields[0].type == api::JsonField::Type::other);
    require(fields[1].text == refusal.client_id);
    require(fields[2].type == api::JsonField::Type::string && fields[2].text == refusal.name);
    require(fields[3].type == api::JsonField::Type::string && !fields[3].text.empty());
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): the name is libFuzzer's.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto event = api::parse_client_event(std::string_view(reinterpret_cast<const char*>(data), size));
    if (event)
        check_accepted(*event);
    else
        check_refused(event.error());
    return 0;
}
