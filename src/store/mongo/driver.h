// The C driver: started once, its connections, and a check of each reply before the driver parses it. The store owns
// the pool of connections. Thread: any.
#pragma once

#include <mongoc/mongoc.h>

#include <memory>
#include <string>

#include "store/mongo/mongo_store.h"

namespace globes::store::mongo {

/// The connections to one deployment. Thread: any.
class ConnectionPool {
public:
    /// `uri`: a valid connection string (mongo_uri.h); options that would weaken the guarantees are overwritten. Does
    /// not connect yet. Throws std::runtime_error.
    ConnectionPool(const std::string& uri, const MongoTimes& times);
    mongoc_client_pool_t* get() const { return pool_.get(); }

private:
    struct Destroy {
        void operator()(mongoc_client_pool_t* pool) const { mongoc_client_pool_destroy(pool); }
    };
    std::unique_ptr<mongoc_client_pool_t, Destroy> pool_;
};

}  // namespace globes::store::mongo
