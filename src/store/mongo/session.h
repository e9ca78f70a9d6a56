// Calls of the C driver, with values for arguments and results. A session belongs to one thread. Error texts name
// hosts, commands and collections, but never credentials or the contents of documents.
#pragma once

#include <mongoc/mongoc.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>

#include "store/mongo/documents.h"
#include "store/mongo/driver.h"

namespace globes::store::mongo {

/// A read or a command failed. `domain`: the driver's error domain; `code`: the server's error code. Both 0 if Globes
/// itself rejects a reply.
class DatabaseError : public std::runtime_error {
public:
    DatabaseError(const std::string& message, std::uint32_t domain, std::uint32_t code)
        : std::runtime_error(message), domain_(domain), code_(code) {}
    std::uint32_t domain() const { return domain_; }
    std::uint32_t code() const { return code_; }

private:
    std::uint32_t domain_;
    std::uint32_t code_;
};

/// For `Session::find`: no limit.
inline constexpr std::size_t kUnlimited = std::numeric_limits<std::size_t>::max();

/// The status of a write.
enum class WriteStatus : std::uint8_t {
    acknowledged,   ///< A majority has journaled it.
    not_applied,    ///< Not sent, or refused as a whole; it may succeed later.
    unknown,        ///< No usable reply, or no majority: it may be stored, now or a little later.
    duplicate_key,  ///< Refused: a unique index has the key already.
    rejected,       ///< Refused: the server does not accept a document.
};

struct WriteResult {
    WriteStatus status = WriteStatus::acknowledged;
    /// Insert: the number of leading documents that are stored. Update: matched documents. Removal: removed documents.
    std::size_t written = 0;
    std::string cause = {};  ///< For the log; empty if acknowledged.
    // As in DatabaseError.
    std::uint32_t domain = 0;
    std::uint32_t code = 0;
};

/// One client of the pool, for one thread. Every call blocks, at most as long as MongoTimes says. Replies are checked:
/// a reply that contradicts itself or its request is a DatabaseError, or makes a write `unknown`.
class Session {
public:
    /// `pool` must outlive the session.
    Session(const ConnectionPool& pool, std::string database);

    /// Inserts in order and stops at the first refused document.
    WriteResult insert(const char* collection, std::span<const Document> documents);
    WriteResult update(const char* collection, const Document& filter, const Document& change, bool upsert = false);
    WriteResult remove(const char* collection, const Document& filter);

    /// `options`: sort, limit, projection. Repeats the query once if the server changed. Throws DatabaseError, also if
    /// the reply has more than `most` documents.
    void find(const char* collection, const Document& filter, const Document& options, std::size_t most,
              const std::function<void(const DocumentView&)>& take);
    /// The same, until `take` returns false.
    void find_while(const char* collection, const Document& filter, const Document& options, std::size_t most,
                    const std::function<bool(const DocumentView&)>& take);
    /// Throws DatabaseError.
    void command(const Document& command, const std::function<void(const DocumentView&)>& take);
    /// Renames a collection of the database. Throws DatabaseError.
    void rename(const char* from, const char* to);
    /// Iterates over the cursor that `command` returns. Throws DatabaseError.
    void for_each_of_command(const Document& command, const std::function<void(const DocumentView&)>& take);

private:
    struct Return {
        mongoc_client_pool_t* pool;
        void operator()(mongoc_client_t* client) const { mongoc_client_pool_push(pool, client); }
    };
    struct Destroy {
        void operator()(mongoc_collection_t* collection) const { mongoc_collection_destroy(collection); }
    };
    using Collection = std::unique_ptr<mongoc_collection_t, Destroy>;

    Collection collection(const char* name) const;
    static void for_each(mongoc_cursor_t* cursor, std::size_t most,
                         const std::function<bool(const DocumentView&)>& take);

    std::unique_ptr<mongoc_client_t, Return> client_;
    const std::string database_;
};

}  // namespace globes::store::mongo
