#include "store/mongo/mongo_store.h"

#include <fmt/format.h>
#include <mongoc/mongoc.h>

#include <cassert>
#include <functional>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "store/mongo/committer.h"
#include "store/mongo/documents.h"
#include "store/mongo/fence.h"
#include "store/mongo/mongo_uri.h"
#include "store/mongo/readers.h"
#include "store/mongo/schema.h"

namespace globes::store {
namespace {

using namespace std::chrono_literals;

constexpr const char* kDatabase = "chat_server";
// Error codes of the server.
constexpr std::uint32_t kUnauthorized = 13;
constexpr std::uint32_t kAuthenticationFailed = 18;
// How long a stopping store waits for the calls of its threads. A thread whose call takes longer is detached.
constexpr std::chrono::milliseconds kLeaveAfter = 500ms;

std::string database_of(const MongoStoreSettings& settings) {
    if (!settings.database.empty()) return settings.database;
    const std::string named = mongo_database(settings.uri);
    return named.empty() ? kDatabase : named;
}

bool is_wrong_login(const mongo::DatabaseError& error) {
    return (error.domain() == MONGOC_ERROR_CLIENT && error.code() == MONGOC_ERROR_CLIENT_AUTHENTICATE) ||
           error.domain() == MONGOC_ERROR_SASL || error.domain() == MONGOC_ERROR_SCRAM ||
           error.code() == kAuthenticationFailed;
}

/// Everything that the threads use. Each thread shares its ownership, so that a thread that is stuck in a call of the
/// driver can outlive the store.
struct Engine {
    explicit Engine(MongoStoreSettings given)
        : settings(std::move(given)),
          database(database_of(settings)),
          pool(settings.uri, settings.times),
          committer(catalogue, shared, fence, writers, settings),
          readers(fence, settings) {}

    const MongoStoreSettings settings;
    const std::string database;
    const mongo::ConnectionPool pool;
    mongo::CommittedCatalogue catalogue;
    mongo::SharedState shared;
    mongo::Fence fence;
    mongo::RoomIdCounter room_ids;
    std::vector<std::unique_ptr<mongo::RoomWriter>> writers;
    mongo::Committer committer;
    mongo::ReaderPool readers;
    mongo::Heartbeat heartbeat;

    Mutex mutex;
    Condition ended;
    std::size_t running GUARDED_BY(mutex) = 0;  // threads that may call the driver
};

class MongoStore final : public chat::Store {
public:
    explicit MongoStore(const MongoStoreSettings& settings) : engine_(make_engine(settings)) {
        try {
            settings.use == MongoUse::read ? open_to_read() : open();
        } catch (const mongo::DatabaseError& error) {
            fail(settings, advice(error) + error.what());
        } catch (const std::runtime_error& error) {
            fail(settings, error.what());
        }
        start_threads();
    }
    ~MongoStore() override { stop(); }

    chat::StoredRooms load_rooms() override { return engine_->catalogue.rooms(); }

    bool reports_repeats() const override { return true; }
    void append(chat::StoreBatch batch, chat::BatchDone done) override {
        engine_->committer.append(std::move(batch), std::move(done));
    }
    void read_events(chat::EventQuery query, std::move_only_function<void(chat::EventPage)> done) override {
        engine_->readers.read_events(query, std::move(done));
    }
    void find_sends(std::vector<chat::SendKey> keys, std::move_only_function<void(chat::SendLookup)> done) override {
        engine_->readers.find_sends(std::move(keys), std::move(done));
    }
    void ping(std::move_only_function<void(bool)> done) override { engine_->readers.ping(std::move(done)); }

    void stop() override {
        if (threads_.empty()) return;
        // The committer first: it answers all batches by their deadlines, and then stops the writers.
        engine_->committer.stop();
        committer_.join();
        engine_->readers.stop();
        engine_->heartbeat.stop();
        deadline_thread_.join();
        Engine& engine = *engine_;
        MutexLock lock(engine.mutex);
        const bool have_all_ended = engine.ended.wait_for(
            lock, kLeaveAfter, [&engine]() REQUIRES(engine.mutex) { return engine.running == 0; });
        lock.unlock();
        for (std::thread& thread : threads_) have_all_ended ? thread.join() : thread.detach();
        threads_.clear();
    }

private:
    static std::shared_ptr<Engine> make_engine(const MongoStoreSettings& settings) {
        try {
            return std::make_shared<Engine>(settings);
        } catch (const std::runtime_error& error) {  // for example, DNS does not know the host
            fail(settings, error.what());
        }
    }

    void open() {
        Engine& engine = *engine_;
        mongo::Session session(engine.pool, engine.database);
        mongo::migrate_names(session, engine.settings.times.heartbeat);
        if (engine.settings.use == MongoUse::import &&
            mongo::Heartbeat::is_server_alive(session, mongo::kCounters, engine.settings.times.heartbeat))
            throw std::runtime_error("a server runs on it; stop it first");
        mongo::ensure_indexes(session);
        engine.fence.take_over(session);
        if (engine.settings.use == MongoUse::serve) mongo::Heartbeat::beat(session);
        const std::vector<mongo::GarbageRange> removals =
            mongo::load_catalogue(session, engine.catalogue, engine.fence.number());
        mongo::store_layout_version(session);
        for (std::size_t i = 0; i < engine.settings.writers; ++i)
            engine.writers.push_back(std::make_unique<mongo::RoomWriter>(
                engine.pool, engine.database, engine.fence, engine.room_ids, engine.catalogue, engine.shared));
        const MutexLock lock(engine.shared.mutex);
        for (const mongo::GarbageRange& removal : removals)
            engine.writers[removal.room % engine.writers.size()]->collect(removal);
    }

    void open_to_read() {
        mongo::Session session(engine_->pool, engine_->database);
        mongo::check_layout(session);
        mongo::load_catalogue(session, engine_->catalogue, 0);
        // The first start of a server creates room 1.
        if (engine_->catalogue.rooms().rooms.empty())
            throw std::runtime_error("holds no rooms; is the database's name right?");
    }

    void start_threads() {
        Engine& engine = *engine_;
        for (auto& writer : engine.writers) run([&writer = *writer] { writer.work(); });
        const auto writer =
            engine.settings.use == MongoUse::read ? mongo::Writer::another : mongo::Writer::this_process;
        const auto run_reader = [&](Serves serves) {
            run([&engine, writer, serves] {
                engine.readers.work(mongo::Reader(engine.pool, engine.database, engine.catalogue, writer), serves);
            });
        };
        for (std::size_t i = 0; i < engine.settings.readers; ++i) run_reader(Serves::all);
        run_reader(Serves::short_reads);
        if (engine.settings.use != MongoUse::read) {
            run([&engine] {
                engine.heartbeat.work(mongo::Session(engine.pool, engine.database), engine.fence, engine.catalogue,
                                      engine.settings.use == MongoUse::serve, engine.settings.times.heartbeat);
            });
        }
        committer_ = std::thread([&engine] { engine.committer.work(); });
        deadline_thread_ = std::thread([&engine] { engine.readers.run_deadlines(); });
    }

    void run(std::function<void()> work) {
        {
            const MutexLock lock(engine_->mutex);
            ++engine_->running;
        }
        threads_.emplace_back([shared = engine_, work = std::move(work)] {
            work();
            Engine& engine = *shared;
            const MutexLock lock(engine.mutex);
            assert(engine.running > 0);
            --engine.running;
            engine.ended.notify_all();
        });
    }

    /// A prefix that tells the operator what to do about `error`.
    std::string advice(const mongo::DatabaseError& error) const {
        if (is_wrong_login(error)) return "wrong password, or no such user: ";
        if (error.code() == kUnauthorized)
            return has_mongo_user(engine_->settings.uri) ? "the user lacks rights: "
                                                         : "no user name is set, and the server requires one: ";
        return error.domain() == MONGOC_ERROR_SERVER_SELECTION ? "cannot be reached: " : "";
    }

    [[noreturn]] static void fail(const MongoStoreSettings& settings, const std::string& cause) {
        throw std::runtime_error(
            fmt::format("MongoDB at {}, database {}: {}", mongo_hosts(settings.uri), database_of(settings), cause));
    }

    // Constant after construction.
    const std::shared_ptr<Engine> engine_;

    // The owner only.
    std::vector<std::thread> threads_;  // that call the driver
    // These never call the driver, so they end when they are told to.
    std::thread committer_;
    std::thread deadline_thread_;
};

}  // namespace

std::unique_ptr<chat::Store> open_mongo_store(const MongoStoreSettings& settings) {
    return std::make_unique<MongoStore>(settings);
}

}  // namespace globes::store
