// Real servers for the tests of store/mongo, built by scripts/install-ferretdb and scripts/install-mongo-java-server.
// Each is a process of its own with a new folder and a free loopback port.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "contract/store_suite.h"

namespace globes::store {

class Ferretdb {
public:
    /// Starts the server and waits until it listens. `uri` is empty if it could not be started.
    Ferretdb();
    /// The same with another program that takes the same arguments.
    explicit Ferretdb(std::string program);
    ~Ferretdb();
    Ferretdb(const Ferretdb&) = delete;
    Ferretdb& operator=(const Ferretdb&) = delete;

    /// `mongodb://127.0.0.1:PORT/`; a restart does not change it.
    const std::string& uri() const { return uri_; }

    void kill();
    /// After `kill`: at the same address, with the same data.
    void restart();
    /// Stops the process (SIGSTOP): it keeps its connections and does not reply.
    void pause() const;
    void go_on() const;

private:
    void start(const std::string& address);

    const std::string program_;
    chat::ScratchFolder folder_;
    std::string uri_;
    pid_t process_ = 0;
};

/// The URI of the server that the tests share, with a slash at the end: GLOBES_TEST_MONGODB_URI, or a Ferretdb that
/// runs until the tests end. Empty if both are absent: then the test is skipped, or fails if GLOBES_NEEDS_MONGODB is
/// set.
std::optional<std::string> shared_mongodb();

/// The same for a mongo-java-server: it uses indexes, unlike FerretDB, which reads every document, and keeps all data
/// in memory.
std::optional<std::string> shared_mongo_java_server();

/// Ends the test if `shared_mongodb` is empty.
#define GLOBES_SKIP_WITHOUT_MONGODB()                                                            \
    if (!shared_mongodb()) {                                                                     \
        if (std::getenv("GLOBES_NEEDS_MONGODB") != nullptr) FAIL() << "no MongoDB to test with"; \
        GTEST_SKIP() << "no MongoDB to test with: scripts/install-ferretdb builds one";          \
    }

/// The URI of a new database of that server.
std::string fresh_database(const std::string& server);

}  // namespace globes::store
