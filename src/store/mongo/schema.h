// What a database has to look like, and what is in it when it is opened. Called once, by whoever opens the store, on
// its thread.
#pragma once

#include <vector>

#include "store/mongo/removals.h"
#include "store/mongo/room_book.h"
#include "store/mongo/session.h"

namespace globes::store::mongo {

/// Makes the indexes that are missing and checks that each is there as it should be, and no other one that is unique.
/// Throws CallError, or std::runtime_error for an index of another kind.
void prepare_indexes(Session& session);

/// Enters all rooms into the book and returns what is still to be removed. Throws CallError.
std::vector<Removal> load_book(Session& session, RoomBook& book);

}  // namespace globes::store::mongo
