// The collections and indexes that a database must have: migration of older names, creation and check of indexes.
// Inspects a database before it creates anything, and never changes documents of other programs (docs/mongodb.md).
// Plain functions, for the thread of the session: the opening thread, unless one says otherwise.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "store/mongo/catalogue.h"
#include "store/mongo/garbage_collector.h"
#include "store/mongo/session.h"

namespace globes::store::mongo {

/// Renames the collections of layout version 1. If it is interrupted, the next call continues. `heartbeat`: the
/// heartbeat interval of a server that may still run on the old names.
///
/// Thread: the opening thread. Blocks. Throws DatabaseError, or std::runtime_error with a text for the operator, also
/// if the database has a newer layout.
void migrate_names(Session& session, std::chrono::milliseconds heartbeat);

/// Stores the current layout version, after `migrate_names` and after all rooms got salts (catalogue.h): an older
/// version of Globes, which would create rooms without salts, refuses the database from then on. Throws DatabaseError.
void store_layout_version(Session& session);

/// The same check without any change, for read-only use. Throws DatabaseError, or std::runtime_error if a collection
/// still has its old name or a room has no salt.
void check_layout(Session& session);

/// Creates missing indexes and checks that each exists as specified, and that there is no other unique index. Throws
/// DatabaseError, or std::runtime_error with a text for the operator.
void ensure_indexes(Session& session);

/// Describes the first index that is missing or wrong; empty if all are correct. Thread: any. Throws DatabaseError.
std::string index_fault(Session& session);

}  // namespace globes::store::mongo
