// A MongoDB of the tests' own, in this process: as much of the wire protocol and of a server as store/mongo asks for,
// with documents in memory. It counts what it is asked, and may answer anything instead of the truth.
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

    /// Gets the command's name and the answer's bytes, from its length on, and changes them or not. Returns false for a
    /// connection that is closed behind them. Called on threads of the server, one at a time.
    using Tamper = std::function<bool(const std::string& command, std::string& message)>;
    void set_tamper(Tamper tamper);
    /// Gets each command's name and collection before it is carried out, on the thread of its connection, and may take
    /// its time: other connections are served meanwhile.
    using Before = std::function<void(const std::string& command, const std::string& collection)>;
    void set_before(Before before);
    /// The `n` of an insert is what was sent, also where a document of it was refused.
    void count_refused_documents() { counts_refused_ = true; }

    /// Whether a hello named a compressor that its client understands.
    bool is_offered_compression() const { return is_offered_compression_; }
    /// What listCollections says of a collection beside its name, such as its type; it is listed then, even if empty.
    void describe(const std::string& collection, FakeDocument fields) { described_[collection] = std::move(fields); }
    /// How often `command` came so far.
    std::size_t count(const std::string& command);
    FakeDocuments& collection(const std::string& name) { return collections_[name]; }
    using Collections = std::map<std::string, FakeDocuments>;
    /// A copy of all that it has, and other contents for it, as of a backup. While it serves, too.
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
