// Which of a database's collections are Globes' own, and under which names (docs/mongodb.md). Looks before anything is
// made, and never touches what another program has written. Called once, on the thread that opens the store.
//
// What a database has to look like, and what is in it when it is opened. Called by whoever opens the store, and with
// each heartbeat.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "store/mongo/catalogue.h"
#include "store/mongo/garbage_collector.h"
#include "store/mongo/session.h"

namespace globes::store::mongo {

/// Renames the collections of a version before 2 of the layout, and notes that this is done. Killed on the way it goes
/// on at the next call. `heartbeat`: so often a server that might still run on them would count up.
/// Throws DatabaseError, or std::runtime_error where documents of another program are in the way.
void migrate_layout(Session& session, std::chrono::milliseconds heartbeat);

/// For who must change nothing. Throws DatabaseError, or std::runtime_error where the rooms have their old names.
void check_layout(Session& session);

/// Makes the indexes that are missing and checks that each is there as it should be, and no other one that is unique.
/// Throws DatabaseError, or std::runtime_error for an index of another kind.
void ensure_indexes(Session& session);

/// What is wrong with them, for the log and the operator; empty: nothing. Throws DatabaseError.
std::string index_fault(Session& session);

}  // namespace globes::store::mongo
