// The calls of a store, waited for: a command has one thread and nothing else to do. No call before `load_rooms`.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <vector>

#include "chat/store.h"

namespace globes::maintenance {

/// Events in one read or one batch: enough that the call itself costs nothing, few enough to be held in memory.
inline constexpr std::size_t kEventsAtOnce = 1000;

/// The store could not be read, in words for the operator. Another time it may.
class UnreadableStore : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

chat::CommitOutcome commit(chat::Store& store, chat::StoreBatch batch);
chat::EventPage read_events(chat::Store& store, chat::EventQuery query);
chat::SendLookup find_sends(chat::Store& store, std::vector<chat::SendKey> keys);

bool ping(chat::Store& store);

/// How many events those rooms keep.
std::uint64_t count_events(const std::vector<chat::StoredRoom>& rooms);

}  // namespace globes::maintenance
