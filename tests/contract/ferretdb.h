// Real servers for the tests of store/mongo, which scripts/install-ferretdb and scripts/install-mongo-java-server have
// made, each as a process of its own with a fresh folder on a free loopback port.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "contract/store_suite.h"

namespace globes::store {

class Ferretdb {
public:
    /// Starts it and waits until it listens. `uri` is empty where it could not be started.
    Ferretdb();
    /// The same with another program that takes the same arguments.
    explicit Ferretdb(std::string program);
    ~Ferretdb();
    Ferretdb(const Ferretdb&) = delete;
    Ferretdb& operator=(const Ferretdb&) = delete;

    /// `mongodb://127.0.0.1:PORT/`, the same through restarts.
    const std::string& uri() const { return uri_; }

    void kill();
    /// After `kill`, at the same address, with what it had.
    void restart();
    /// It keeps its connections and answers nothing.
    void pause() const;
    void go_on() const;

private:
    void start(const std::string& address);

    const std::string program_;
    chat::ScratchFolder folder_;
    std::string uri_;
    pid_t process_ = 0;
};

/// The URI of the server that the tests share, with its slash at the end: GLOBES_TEST_MONGODB_URI, or a Ferretdb that
/// lives as long as the tests. Nothing where neither is there: then the test is skipped, or fails where
/// GLOBES_NEEDS_MONGODB says that it must run.
std::optional<std::string> shared_mongodb();

/// The same for a mongo-java-server: it has indexes, where FerretDB reads every document, and keeps all in memory.
std::optional<std::string> shared_mongo_java_server();

/// What to do where `shared_mongodb` has nothing.
#define GLOBES_SKIP_WITHOUT_MONGODB()                                                            \
    if (!shared_mongodb()) {                                                                     \
        if (std::getenv("GLOBES_NEEDS_MONGODB") != nullptr) FAIL() << "no MongoDB to test with"; \
        GTEST_SKIP() << "no MongoDB to test with: scripts/install-ferretdb builds one";          \
    }

/// A database of that server that nobody has used before, as a URI.
std::string fresh_database(const std::string& server);

}  // namespace globes::store
