// Blocking calls of a store, for commands, which have only one thread. No call before `load_rooms`.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <vector>

#include "chat/store.h"

namespace globes::maintenance {

/// Events in one read or one batch: enough to amortize the call, few enough for the memory.
inline constexpr std::size_t kEventsAtOnce = 1000;

/// The store could not be read, with a message for the operator. A later attempt may succeed.
class UnreadableStore : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

chat::CommitOutcome commit(chat::Store& store, chat::StoreBatch batch);
chat::EventPage read_events(chat::Store& store, chat::EventQuery query);
chat::SendLookup find_sends(chat::Store& store, std::vector<chat::SendKey> keys);

bool ping(chat::Store& store);

/// The number of events in these rooms.
std::uint64_t count_events(const std::vector<chat::StoredRoom>& rooms);

}  // namespace globes::maintenance
