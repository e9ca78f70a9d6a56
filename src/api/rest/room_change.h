// A change of a room from an I/O thread, for the handlers that read a record, decide by it and ask the core to replace
// it. If somebody else has changed the room meanwhile, such a handler decides again, by the newer record.
#pragma once

#include <memory>
#include <optional>
#include <utility>

#include "api/core_link.h"
#include "base/error.h"
#include "chat/room_record.h"

namespace globes::api {

/// Attempts of a change that others can make without a token. Each costs the core time, and of many in parallel each
/// round lets one through. A client that has failed so often is answered 503, code 505.
inline constexpr int kMostAttempts = 10;

/// The result of a change to a room; nullopt if somebody else has changed the room since it was read.
template <class Value>
using Changed = std::optional<Result<Value>>;

/// Splits `reply` into the two callbacks of chat::RoomAdmin, of which one is called.
template <class Value>
auto callbacks(CoreReply<Changed<Value>> reply) {
    auto shared = std::make_shared<CoreReply<Changed<Value>>>(std::move(reply));
    return std::pair([shared] { (*shared)(std::nullopt); },
                     [shared](Result<Value> result) { (*shared)(std::move(result)); });
}

/// Finds the room for the next attempt: the change may have been a new title.
inline chat::RoomKey key_of(chat::RoomId id) { return {.id = id, .folded_title = {}}; }

}  // namespace globes::api
