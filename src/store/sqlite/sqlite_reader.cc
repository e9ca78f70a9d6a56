#include "store/sqlite/sqlite_reader.h"

#include <utility>

#include "store/sqlite/connection.h"
#include "store/sqlite/reader_pool.h"
#include "store/sqlite/schema.h"

namespace globes::store {
namespace {

class SqliteReader final : public chat::Store {
public:
    explicit SqliteReader(std::filesystem::path file)
        : database_{.file = std::move(file), .vfs = {}},
          readers_(database_, settings_, unsettled_, nullptr, Sees::opening) {
        open_existing(database_);
    }
    ~SqliteReader() override { stop(); }

    chat::StoredRooms load_rooms() override { return readers_.load_rooms(); }

    void append(chat::StoreBatch, chat::BatchDone done) override {
        // Through a read, because answers arrive on a thread of the store.
        readers_.ping([done = std::move(done)](bool) mutable { done(chat::CommitOutcome::failed); });
    }
    void read_events(chat::EventQuery query, std::move_only_function<void(chat::EventPage)> done) override {
        readers_.read_events(query, std::move(done));
    }
    void find_sends(std::vector<chat::SendKey> keys, std::move_only_function<void(chat::SendLookup)> done) override {
        readers_.find_sends(std::move(keys), std::move(done));
    }
    void ping(std::move_only_function<void(bool)> done) override { readers_.ping(std::move(done)); }

    void stop() override { readers_.stop(); }

private:
    // Constant after construction. One thread, so that all reads see one state.
    const SqliteSettings settings_{.reader_threads = 1};
    const Database database_;

    const UnsettledRooms unsettled_;
    ReaderPool readers_;
};

}  // namespace

std::unique_ptr<chat::Store> open_sqlite_reader(std::filesystem::path file) {
    return std::make_unique<SqliteReader>(std::move(file));
}

}  // namespace globes::store
