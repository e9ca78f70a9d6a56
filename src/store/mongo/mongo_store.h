// Rooms and events in a MongoDB database (docs/adr/0008-mongodb-store.md: what replaces transactions, and how unknown
// outcomes are resolved; docs/adr/0011-mongodb-fence.md: which process may write). For operators: docs/mongodb.md. The
// caller owns the store; any thread calls it, as the port says.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "chat/store.h"

namespace globes::store {

struct MongoTimes {
    /// Timeouts of the driver: to find the primary, to connect, and for a reply.
    std::chrono::milliseconds selection{2'000};
    std::chrono::milliseconds connect{2'000};
    std::chrono::milliseconds socket{10'000};
    /// Deadlines for the answer to a caller, also while a call of the driver blocks. A send may need a lookup and then
    /// a batch, so their sum is below the 3 s in which a send is answered.
    std::chrono::milliseconds lookup{800};
    std::chrono::milliseconds batch{2'000};
    std::chrono::milliseconds read{2'500};
    /// The interval of the heartbeat, which also checks whether another process has taken over.
    std::chrono::milliseconds heartbeat{2'000};
};

/// For the maintenance commands: a slow database does not make its contents faulty. `socket` is below the deadlines, so
/// that a call without a reply is repeated once.
inline constexpr MongoTimes kCommandTimes{.socket = std::chrono::minutes(2),
                                          .lookup = std::chrono::minutes(5),
                                          .batch = std::chrono::minutes(5),
                                          .read = std::chrono::minutes(5)};

enum class MongoUse : std::uint8_t {
    serve,   ///< This process becomes the writer.
    import,  ///< The same, but fails if a server runs; waits for its heartbeat for a few seconds.
    read,    ///< Changes nothing, and `append` is not allowed; a server may run at the same time.
};

struct MongoStoreSettings {
    /// A connection string that mongo_uri_fault accepts.
    std::string uri;
    /// If empty: the database in the path of `uri`, or `chat_server`.
    std::string database = {};
    MongoUse use = MongoUse::serve;
    MongoTimes times = {};
    chat::StoreLimits limits = {};
    /// Connections for writes; each writes its own share of the rooms.
    std::size_t writers = 4;
    std::size_t readers = 4;  ///< Connections for reads of every kind; lookups and pings have one more.
};

/// Connects, checks the database, creates missing indexes and loads the rooms. Never changes collections of other
/// programs.
///
/// With `MongoUse::read` it only loads the rooms, of which at least one must exist.
///
/// 1. One process at a time writes to a database. A process that opens it takes over from the one before, which stops
///    writing within a heartbeat interval, or at its first conflict with an event of the newer process; from then on,
///    its `ping` returns false.
/// 2. Batches are atomic except after a crash: no reader sees part of a batch, and a batch that was begun is completed
///    as soon as the server is reachable. Only if this process dies in between may the first events of a room's part be
///    stored without the others.
/// 3. A batch that was not begun by its deadline is `failed` and dropped. A batch that was begun is `unknown`, and
///    reads of its rooms fail until the outcome is known. A change of a room's record alone is rolled back instead.
/// 4. Continues by itself when the server works again.
/// Blocks. Throws std::runtime_error with a message for the operator, without credentials.
std::unique_ptr<chat::Store> open_mongo_store(const MongoStoreSettings& settings);

}  // namespace globes::store
