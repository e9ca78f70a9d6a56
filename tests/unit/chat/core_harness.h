// A core between fakes, without a thread: commands run when the test gives them, and the store answers when the test
// says so.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "chat/core.h"
#include "unit/chat/fakes.h"

namespace globes::chat {

class CoreHarness : public testing::Test {
protected:
    static constexpr unsigned kIoThreads = 2;

    explicit CoreHarness(bool store_reports_repeats = false, std::size_t most_rooms = 0)
        : max_rooms(most_rooms), store(store_reports_repeats) {}

    /// A stored server with room 1 and no events.
    void load() { load({{.record = {.id = kPublicChatId, .title = "Public Chat"}, .last_seq = 0}}, 2); }
    void load(std::vector<StoredRoom> rooms, RoomId next_id) {
        for (const StoredRoom& room : rooms) store.kept[room.record.id].record = room.record;
        core.load({.rooms = std::move(rooms), .next_room_id = next_id});
    }

    /// Does what the core thread does when it is busy: runs all posted tasks, then ends the batch. Reads of the store
    /// are answered within this call, commits are not.
    void run_batch() {
        TaskBatch tasks = posted.take();
        do {
            tasks.run(TaskThread::core);
            core.end_batch();
            tasks = posted.take();
        } while (!tasks.empty());
    }
    /// Ends the batch, commits all batches of the store, and handles the answers, until nothing is left to do.
    void settle() {
        for (run_batch(); !store.batches.empty(); run_batch())
            while (!store.batches.empty()) store.commit();
    }

    // --- participants ---

    Result<Core::Entered> enter(Entry entry, RoomId room = kPublicChatId) {
        const auto entered = core.enter(room, record(room).token_epochs(), entry);
        if (entered) readers[entry.connection] = {room, entry.io_thread, entered->from};
        return entered;
    }
    void enter(std::initializer_list<ConnectionId> connections, RoomId room = kPublicChatId) {
        for (const ConnectionId connection : connections) ASSERT_TRUE(enter(Entry{.connection = connection}, room));
    }
    void act(EventKind kind, ConnectionId connection, std::string name, std::string text, std::string id) {
        const Reader& reader = readers.at(connection);
        core.handle(reader.room, reader.io_thread, connection,
                    {kind, std::move(name), {}, std::move(text), std::move(id)});
    }
    void join(ConnectionId connection, std::string name, std::string id = {}) {
        act(EventKind::join, connection, std::move(name), {}, std::move(id));
    }
    void leave(ConnectionId connection, std::string name, std::string id = {}) {
        act(EventKind::leave, connection, std::move(name), {}, std::move(id));
    }
    void send(ConnectionId connection, std::string name, std::string text, std::string id = {}) {
        act(EventKind::send, connection, std::move(name), std::move(text), std::move(id));
    }
    void depart(ConnectionId connection) { core.depart(readers.at(connection).room, connection); }
    /// All text that a connection could read so far.
    std::string read(ConnectionId connection) {
        const Reader& reader = readers.at(connection);
        return io_threads[reader.io_thread].read(reader.room, reader.from);
    }

    // --- rooms ---
    // Each of these is a batch of its own: when it returns, the store has the request.

    /// An answer, or "" if it has not arrived yet: `ok`, `102 title`, `changed`.
    using Answer = std::shared_ptr<std::string>;

    static std::string told(const Error& error) {
        const std::string code =
            fmt::format("{}{}{}", static_cast<int>(error.code), error.field.empty() ? "" : " ", error.field);
        return error.reason.empty() ? code : fmt::format("{}: {}", code, error.reason);
    }
    static RoomAdmin::RoomReply room_reply(const Answer& answer) {
        return [answer](const Result<RoomView>& room) {
            EXPECT_EQ(*answer, "") << "answered twice";
            *answer = room ? "ok" : told(room.error());
        };
    }
    Answer create(std::string title, Visibility visibility = Visibility::public_room) {
        auto answer = std::make_shared<std::string>();
        core.admin().create({.title = std::move(title), .visibility = visibility}, room_reply(answer));
        core.end_batch();
        return answer;
    }
    /// Creates and stores a room.
    RoomId add_room(std::string title, Visibility visibility = Visibility::public_room) {
        const Answer created = create(title, visibility);
        settle();
        EXPECT_EQ(*created, "ok");
        return id_of(title);
    }
    Answer update(const RoomRecord& base, RoomRecord next) {
        auto answer = std::make_shared<std::string>();
        core.admin().update(base, std::move(next), [answer] { *answer += "changed"; }, room_reply(answer));
        core.end_batch();
        return answer;
    }
    /// The record of `room` after a change of its visibility, as room_rules.h returns it.
    RoomRecord made(Visibility visibility, RoomId room) const {
        RoomRecord next = record(room);
        next.visibility = visibility;
        next.password_hash = visibility == Visibility::public_room ? "" : "hash";
        ++next.token_epoch;
        return next;
    }
    /// The record of `room` after its owner has ended all owners' tokens.
    RoomRecord without_owners(RoomId room) const {
        RoomRecord next = record(room);
        ++next.owner_epoch;
        return next;
    }
    Answer rename(RoomId room, std::string title) {
        RoomRecord next = record(room);
        next.title = std::move(title);
        return update(record(room), std::move(next));
    }
    Answer remove(const RoomRecord& base) {
        auto answer = std::make_shared<std::string>();
        core.admin().remove(
            base, [answer] { *answer += "changed"; },
            [answer](const Result<void>& removed) {
                EXPECT_EQ(*answer, "") << "answered twice";
                *answer = removed ? "ok" : told(removed.error());
            });
        core.end_batch();
        return answer;
    }
    /// The current record of the room; an empty record if the room does not exist.
    RoomRecord record(RoomId room) const {
        const Room* found = core.find({.id = room, .folded_title = {}});
        return found == nullptr ? RoomRecord{.id = room} : found->record();
    }
    /// The id of the room with this title; 0 if it does not exist.
    RoomId id_of(std::string_view title) const {
        const Room* found = core.find(RoomKey::of(title));
        return found == nullptr ? 0 : found->record().id;
    }
    std::vector<RoomId> listed(RoomId after = 0, std::size_t limit = 100) const {
        std::vector<RoomId> ids;
        for (const RoomView& view : core.list(after, limit)) ids.push_back(view.record.id);
        return ids;
    }

    struct Reader {
        RoomId room = 0;
        unsigned io_thread = 0;
        roomlog::Position from = 0;
    };

    const std::size_t max_rooms;
    FakeStore store;
    ManualClock clock;
    TextEncoder encoder;
    std::array<FakeIoPort, kIoThreads> io_threads;
    Mailbox posted;
    std::map<ConnectionId, Reader> readers;
    RoomLimits limits{.waiting_bytes = 100'000};
    roomlog::ReplayCacheBudget replay_cache{.room_bytes = 4'000, .total_bytes = 10'000};
    Core core{{.store = store,
               .clock = clock,
               .encoder = encoder,
               .io_threads = {&io_threads[0], &io_threads[1]},
               .post = [this](TaskBatch tasks) { posted.push(std::move(tasks)); }},
              {.room = limits, .replay_cache = replay_cache, .max_rooms = max_rooms}};
};

}  // namespace globes::chat
