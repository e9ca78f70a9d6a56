// A MongoDB in the test process: the part of the wire protocol and of a server that store/mongo needs, with documents
// in memory. It counts the commands that it gets, and can replace any reply.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "contract/fake_documents.h"

namespace globes::store {

class FakeMongodb {
public:
    FakeMongodb();
    ~FakeMongodb();
    FakeMongodb(const FakeMongodb&) = delete;
    FakeMongodb& operator=(const FakeMongodb&) = delete;

    /// `mongodb://127.0.0.1:PORT/`
    std::string uri() const;

    /// Gets the command's name and the bytes of the reply, starting with its length, and may change them. Returns false
    /// to close the connection after the reply. Called on threads of the server, one call at a time.
    using Tamper = std::function<bool(const std::string& command, std::string& message)>;
    void set_tamper(Tamper tamper);
    /// Gets each command's name and collection before it is carried out, on the thread of its connection. It may block:
    /// other connections are served meanwhile.
    using Before = std::function<void(const std::string& command, const std::string& collection)>;
    void set_before(Before before);
    /// From now on the `n` of an insert is the number of documents sent, even if a document was refused.
    void count_refused_documents() { counts_refused_ = true; }

    /// Whether a hello named a compressor that its client supports.
    bool is_offered_compression() const { return is_offered_compression_; }
    /// Fields that listCollections adds to a collection, such as its type. The collection is listed even if it is
    /// empty.
    void describe(const std::string& collection, FakeDocument fields) { described_[collection] = std::move(fields); }
    /// How often `command` was received so far.
    std::size_t count(const std::string& command);
    FakeDocuments& collection(const std::string& name) { return collections_[name]; }
    using Collections = std::map<std::string, FakeDocuments>;
    /// Returns a copy of all contents, and replaces them as a restored backup does. Also while it serves.
    Collections contents();
    void set_contents(Collections contents);

private:
    void accept();
    void serve(int socket);
    std::string answer(const std::string& command, const FakeDocument& body,
                       const std::vector<FakeDocument>& documents);

    int listener_ = -1;
    std::uint16_t port_ = 0;
    std::atomic<bool> counts_refused_ = false;
    std::atomic<bool> is_offered_compression_ = false;
    std::thread acceptor_;

    std::mutex mutex_;
    bool is_stopped_ = false;
    std::vector<int> sockets_;
    std::vector<std::thread> threads_;
    Collections collections_;
    std::map<std::string, FakeDocument> described_;
    std::map<std::string, std::size_t> counts_;
    Tamper tamper_;
    Before before_;
};

}  // namespace globes::store
