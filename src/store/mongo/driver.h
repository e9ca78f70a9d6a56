// The C driver: started once, its connections, and a check of each reply before the driver parses it.
#pragma once

#include <mongoc/mongoc.h>

#include <memory>
#include <string>

#include "store/mongo/mongo_store.h"

namespace globes::store::mongo {

/// The addresses, the credentials and the connections. Any thread.
class ConnectionPool {
public:
    /// `uri` has been checked (mongo_uri.h). Connects to nothing yet. Throws std::runtime_error.
    ConnectionPool(const std::string& uri, const MongoTimes& times);
    mongoc_client_pool_t* get() const { return pool_.get(); }

private:
    struct Destroy {
        void operator()(mongoc_client_pool_t* pool) const { mongoc_client_pool_destroy(pool); }
    };
    std::unique_ptr<mongoc_client_pool_t, Destroy> pool_;
};

}  // namespace globes::store::mongo
