// What a database has to look like, and what is in it when it is opened. Called by whoever opens the store, and with
// each heartbeat.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "store/mongo/removals.h"
#include "store/mongo/room_book.h"
#include "store/mongo/session.h"

namespace globes::store::mongo {

/// Makes the indexes that are missing and checks that each is there as it should be, and no other one that is unique.
/// Throws DatabaseError, or std::runtime_error for an index of another kind.
void ensure_indexes(Session& session);

/// What is wrong with them, for the log and the operator; empty: nothing. Throws DatabaseError.
std::string index_fault(Session& session);

/// Enters all rooms into the book and returns what is still to be removed. Unless `writer` is 0, each room's document
/// has that number from then on, so that no older process changes or removes it any more. Throws DatabaseError.
std::vector<GarbageRange> load_catalogue(Session& session, CommittedCatalogue& catalogue, std::uint64_t writer);

}  // namespace globes::store::mongo
