// One suite for every store: the guarantees of src/chat/store.h as tests. A store instantiates the suite with a
// StoreKind; the files suite_… contain the tests.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <latch>
#include <memory>
#include <ostream>
#include <string>

#include "chat/store.h"

namespace globes::chat {

struct StoreKind {
    std::string name;
    bool is_persistent;  ///< What was committed is there again after an `open` of the same folder.
    /// The threads that serve pages; another one answers lookups and pings. 0: one thread does everything.
    std::size_t page_threads;
    /// Null if a program that the store needs is not installed: its tests are skipped.
    std::function<std::unique_ptr<Store>(const std::filesystem::path& folder, StoreLimits limits)> open;

    friend void PrintTo(const StoreKind& kind, std::ostream* out) { *out << kind.name; }
};

/// A folder that is removed at the end of the scope.
class ScratchFolder {
public:
    ScratchFolder();
    ~ScratchFolder();
    ScratchFolder(const ScratchFolder&) = delete;
    ScratchFolder& operator=(const ScratchFolder&) = delete;
    const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

RoomRecord sample_room(RoomId id);
Event sample_event(RoomId room, std::uint64_t seq, std::string text = "hello");
/// Appends `first` … `last` to `room`.
StoreBatch appends(RoomId room, std::uint64_t first, std::uint64_t last);

template <class... Writes>
StoreBatch batch_of(Writes... writes) {
    StoreBatch batch;
    (batch.push_back(std::move(writes)), ...);
    return batch;
}

/// The calls of a store; each waits for its answer.
CommitOutcome commit(Store& store, StoreBatch batch);
EventPage read(Store& store, EventQuery query);
SendLookup find_sends(Store& store, std::vector<SendKey> keys);
bool ping(Store& store);
/// All events of `room`; fails the test if they cannot be read.
std::vector<Event> events_in(Store& store, RoomId room);
std::vector<std::uint64_t> seqs_in(Store& store, RoomId room);
std::vector<std::uint64_t> seqs_of(const EventPage& page);
/// The seq of the send with each key, 0 if it does not exist; fails the test if the lookup fails.
std::vector<std::uint64_t> sent_seqs(Store& store, const std::vector<SendKey>& keys);

/// Asks for pages of two askers and of the server while the store's thread for pages is blocked. Returns their order.
/// The store MUST have only one such thread.
std::vector<std::string> order_of_pages(Store& store);

/// Blocks the thread that answers batches until `let_go`, so that batches that are appended meanwhile form a group.
class HeldWriter {
public:
    explicit HeldWriter(Store& store);
    ~HeldWriter() { let_go(); }
    void let_go();

private:
    std::latch running_{1};
    std::latch go_on_{1};
    std::latch done_{1};
    bool held_ = true;
};

class StoreSuite : public testing::TestWithParam<StoreKind> {
protected:
    StoreSuite() { open({}); }
    void SetUp() override;

    Store& store() { return *store_; }
    /// A new store in a folder of its own; replaces the previous one.
    void open(StoreLimits limits);
    /// Stops the store and opens it again; skips the test if the store is not persistent.
    void reopen();

private:
    ScratchFolder folder_;
    std::unique_ptr<Store> store_;
};

}  // namespace globes::chat
