// Rooms and events in a MongoDB database (docs/adr/0008-mongodb-store.md: what takes the place of transactions, what
// becomes of an unknown outcome, who may write). docs/mongodb.md is the operator's page.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "chat/store.h"

namespace globes::store {

struct MongoTimes {
    /// Until a server that takes writes is found, a connection stands, and an answer has come.
    std::chrono::milliseconds selection{2'000};
    std::chrono::milliseconds connect{2'000};
    std::chrono::milliseconds socket{10'000};
    /// Whoever asked the store has an answer by then, also while a call of the driver still blocks. A send may need a
    /// lookup of its id and then its batch, so together they stay below the 3 s in which a send is answered.
    std::chrono::milliseconds lookup{800};
    std::chrono::milliseconds batch{2'000};
    std::chrono::milliseconds read{2'500};
    /// So often a server shows in the database that it is there, and looks whether another one has taken over.
    std::chrono::milliseconds heartbeat{2'000};
};

/// Of the commands, for which nobody waits in a room: a slow database is no fault of what it holds. A call that has no
/// answer in its time is tried again before that of the whole is up.
inline constexpr MongoTimes kCommandTimes{.socket = std::chrono::minutes(2),
                                          .lookup = std::chrono::minutes(5),
                                          .batch = std::chrono::minutes(5),
                                          .read = std::chrono::minutes(5)};

enum class MongoUse : std::uint8_t {
    serve,   ///< From now on this process writes.
    import,  ///< The same, where no server does: it is looked for first, for some seconds.
    read,    ///< Nothing is changed or made, and nothing may be appended; beside a server or without one.
};

struct MongoStoreSettings {
    /// A connection string with everything in it, as mongo_uri.h makes it.
    std::string uri;
    /// Empty: the one that `uri` names, or `chat_server`.
    std::string database = {};
    MongoUse use = MongoUse::serve;
    MongoTimes times = {};
    chat::StoreLimits limits = {};
    /// Connections that write; each has its share of the rooms.
    std::size_t writers = 4;
    std::size_t readers = 4;
};

/// Connects, looks at what is there, makes the indexes that are missing, checks them, and loads the rooms. Collections
/// that are not Globes' own are never touched.
///
/// With `MongoUse::read` it only loads them, and there must be some.
///
/// 1. One Globes at a time writes to a database: whoever opens it takes over from the one before, which stops writing
///    within a heartbeat, or at the first event of the newer one that it meets; its `ping` is false from then on.
/// 2. Atomic but for a crash: nobody sees part of a batch, and one that was begun is carried to its end as soon as the
///    server can be reached. Only where Globes itself dies in between may the first events of a room's part be there
///    without the others.
/// 3. A batch that was not begun when its time is up is `failed` and dropped; one that was is `unknown`, and reads of
///    its rooms are not ok until it is settled. A room's record alone is set back to what it was instead.
/// 4. Goes on by itself once the server does.
/// Blocks. Throws std::runtime_error with a message for the operator, without credentials.
std::unique_ptr<chat::Store> open_mongo_store(const MongoStoreSettings& settings);

}  // namespace globes::store
