// What a client asks for with one text frame, already checked: the rules of event_rules.h hold for every field.
#pragma once

#include <string>

#include "base/error.h"
#include "chat/event.h"

namespace globes::chat {

struct ClientEvent {
    EventKind kind = EventKind::send;
    std::string name;
    std::string color;      ///< Empty: none was given, or none that is a colour.
    std::string text;       ///< Of a send; empty for join and leave, whose text the server writes.
    std::string client_id;  ///< Empty: none was given.

    friend bool operator==(const ClientEvent&, const ClientEvent&) = default;
};

/// Why an event was not carried out, and what its sender can tell it by.
struct EventRefusal {
    Error error;
    std::string name = {};       ///< That the event tried; empty: it had no valid one.
    std::string client_id = {};  ///< Empty: it had no valid one.
};

}  // namespace globes::chat
