// The C driver as values: a pool of connections, one thread's session with it, and what became of a call. The driver's
// own words go into errors and logs, without what they quote of documents; they name hosts, never credentials.
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

/// A read or a command failed. `code`: the server's, or 0.
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

/// For `Session::find`: any number.
inline constexpr std::size_t kUnlimited = std::numeric_limits<std::size_t>::max();

/// What became of a write.
enum class WriteStatus : std::uint8_t {
    acknowledged,   ///< A majority has it in its journal.
    not_applied,    ///< No server has seen it.
    unknown,        ///< The connection broke, or a majority did not confirm: it may be there, now or a little later.
    duplicate_key,  ///< Refused: an index holds such a key already.
    rejected,       ///< A document was refused for another reason.
};

struct WriteResult {
    WriteStatus status = WriteStatus::acknowledged;
    /// Of an insert: so many of the documents, from the first on, are there; at most as many as were given, and fewer
    /// if it was refused. Of an update: matched. Of a removal: removed.
    std::size_t written = 0;
    std::string cause = {};  ///< For the log; empty if it is done.
    // As of a DatabaseError.
    std::uint32_t domain = 0;
    std::uint32_t code = 0;
};

/// One client of the pool for one thread. Every call may block for as long as MongoTimes says. What a server answers is
/// input like any other: an answer that contradicts itself or the question is a DatabaseError, or makes a write
/// `unknown`.
class Session {
public:
    /// The pool outlives it.
    Session(const ConnectionPool& pool, std::string database);

    /// In order, up to the first that fails.
    WriteResult insert(const char* collection, std::span<const Document> documents);
    WriteResult update(const char* collection, const Document& filter, const Document& change, bool upsert = false);
    WriteResult remove(const char* collection, const Document& filter);

    /// `options`: sort, limit, projection. Throws DatabaseError, also for more than `most` documents.
    void find(const char* collection, const Document& filter, const Document& options, std::size_t most,
              const std::function<void(const DocumentView&)>& take);
    /// Throws DatabaseError.
    void command(const Document& command, const std::function<void(const DocumentView&)>& take);
    /// Gives a collection of the database another name. Throws DatabaseError.
    void rename(const char* from, const char* to);
    /// For a command that answers with a cursor. Throws DatabaseError.
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
                         const std::function<void(const DocumentView&)>& take);

    std::unique_ptr<mongoc_client_t, Return> client_;
    const std::string database_;
};

}  // namespace globes::store::mongo
