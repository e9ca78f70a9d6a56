// Random commands and random answers of the store, with invariants that must always hold. A seed is one run; a failing
// seed always fails in the same way.
#include <algorithm>
#include <random>
#include <set>
#include <sstream>

#include "unit/chat/core_harness.h"

namespace globes::chat {
namespace {

constexpr int kSteps = 800;
constexpr unsigned kRuns = 60;

class CorePropertyTest : public CoreHarness, public testing::WithParamInterface<unsigned> {
protected:
    /// The state of a connection that the test expects.
    struct Guest {
        bool is_gone = false;
        std::string name = {};                // while a member
        std::string token = {};               // its token
        std::set<std::string> sessions = {};  // by which a later connection of the same client is recognized
        std::uint64_t arrival = 0;            // of the member, ascending
        ConnectionId client = 0;              // the first connection that had this membership
    };
    struct Act {
        EventKind kind;
        ConnectionId guest = 0;
        bool is_lost = false;  // a send with an unknown outcome: it may be refused and still be in the log
        std::size_t refusals = 0;
    };

    CorePropertyTest() {
        load();
        rooms_.push_back(kPublicChatId);
        for (unsigned io_thread = 0; io_thread < kIoThreads; ++io_thread) {
            io_threads[io_thread].on_extend = [this, io_thread](RoomId room, const roomlog::Slice& slice) {
                on_extend(io_thread, room, slice);
            };
            io_threads[io_thread].on_refuse = [this](ConnectionId, const std::string& id) { ++acts_.at(id).refusals; };
            io_threads[io_thread].on_end = [this](ConnectionId connection) { go(connection); };
        }
    }

    std::size_t roll(std::size_t sides) { return std::uniform_int_distribution<std::size_t>(0, sides - 1)(random_); }
    bool chance(std::size_t percent) { return roll(100) < percent; }
    template <class T>
    const T& pick(const std::vector<T>& from) {
        return from[roll(from.size())];
    }

    // --- actions ---

    void step() {
        const std::size_t what = roll(100);
        if (what < 12) return come();
        if (what < 55) return speak();
        if (what < 60) return hang_up(roll(guests_.size() + 1));
        if (what < 75) return run_batch();
        if (what < 92) return answer();
        change_rooms();
    }

    void come() {
        const ConnectionId connection = guests_.size() + 1;
        const RoomId room = pick(rooms_);
        const bool has_token = record(room).visibility != Visibility::public_room || chance(20);
        Entry entry{.connection = connection,
                    .io_thread = static_cast<unsigned>(roll(kIoThreads)),
                    .token_name = has_token ? pick(names_) : "",
                    .owner = has_token && chance(20),
                    .resumes = chance(50)};
        if (has_token) entry.token = "token of " + entry.token_name;
        if (entry.resumes) {
            entry.session = fmt::format("s{}", connection);
            entry.earlier_session =
                chance(50) ? fmt::format("s{}", 1 + roll(connection)) : fmt::format("earlier {}", roll(5));
        }
        const ConnectionId replaced = entry.resumes ? member_of_same_client(entry, room) : 0;
        const bool entered = enter(entry, room).has_value();
        Guest& guest = guests_[connection] = {.is_gone = !entered, .token = entry.token, .client = connection};
        if (!entered) readers[connection] = {room, entry.io_thread, 0};
        if (entry.resumes) guest.sessions = {entry.session, entry.earlier_session};
        if (entered && replaced != 0) take_over(guests_[replaced], guest);
    }
    /// The member that a connection takes over; 0 if it takes over none.
    ConnectionId member_of_same_client(const Entry& entry, RoomId room) {
        const bool may_have_any = record(room).visibility == Visibility::public_room || entry.token_name.empty();
        const auto newest = [&](auto matches) {
            ConnectionId found = 0;
            for (const auto& [connection, guest] : guests_) {
                if (guest.is_gone || guest.name.empty() || readers[connection].room != room || !matches(guest))
                    continue;
                if (!may_have_any && guest.name != entry.token_name) continue;
                if (found == 0 || guest.arrival > guests_[found].arrival) found = connection;
            }
            return found;
        };
        ConnectionId found = newest([&](const Guest& guest) { return guest.sessions.contains(entry.earlier_session); });
        if (found == 0 && !entry.token.empty())
            found = newest([&](const Guest& guest) { return guest.token == entry.token; });
        return found;
    }
    static void take_over(Guest& from, Guest& to) {
        to.name = std::exchange(from.name, {});
        to.arrival = from.arrival;
        to.client = from.client;
    }

    void speak() {
        if (guests_.empty()) return;
        ConnectionId connection = 1 + roll(guests_.size());
        // Mostly a connection in a room; sometimes one that the core has already ended.
        for (int i = 0; i < 10 && guests_[connection].is_gone; ++i) connection = 1 + roll(guests_.size());
        const std::string name = guests_[connection].name;
        const EventKind kind = pick<EventKind>({EventKind::send, EventKind::send, EventKind::join, EventKind::leave});
        say(kind, connection, name.empty() || chance(5) ? pick(names_) : name);
    }

    void say(EventKind kind, ConnectionId connection, const std::string& name) {
        Guest& guest = guests_[connection];
        const std::string id = fmt::format("{:06}", acts_.size());
        acts_[id] = {.kind = kind, .guest = connection};
        const RoomId room = readers[connection].room;
        const bool was_member = has_member(room, name);
        act(kind, connection, name, kind == EventKind::send ? "text " + id : "", id);
        if (was_member == has_member(room, name)) return;
        guest.name = was_member ? "" : name;
        guest.arrival = acts_.size();
        if (kind == EventKind::leave) expected_[room].leaves.insert(name);
        if (kind == EventKind::join) expected_[room].joins.insert(name);
    }
    bool has_member(RoomId room, const std::string& name) const {
        const Room* found = core.find({.id = room, .folded_title = {}});
        return found != nullptr &&
               std::ranges::any_of(found->participants().connections(), [&](ConnectionId connection) {
                   const auto& membership = found->participants().find(connection)->membership;
                   return membership != nullptr && membership->name == name;
               });
    }

    void hang_up(ConnectionId connection) {
        const auto guest = guests_.find(connection);
        if (guest == guests_.end() || guest->second.is_gone) return;
        depart(connection);
        core.end_batch();
        if (!guest->second.is_gone) go(connection);  // unless another connection has just taken its place
    }

    /// The connection has left its room, for whatever reason.
    void go(ConnectionId connection) {
        Guest& guest = guests_[connection];
        EXPECT_FALSE(std::exchange(guest.is_gone, true)) << "ended twice: " << connection;
        const Reader& reader = readers[connection];
        if (!guest.name.empty()) expected_[reader.room].leaves.insert(std::exchange(guest.name, {}));
        // The slices that an I/O thread gets of a room may have a gap if no connection there reads the room.
        if (participants_on(reader.io_thread, reader.room) == 0) told_to_[reader.io_thread].erase(reader.room);
    }

    void answer() {
        if (!store.reads.empty() && chance(40)) return store.answer_read(chance(60));
        if (store.batches.empty()) return;
        const StoreBatch& batch = store.batches.front().batch;
        if (chance(60)) return store.commit();
        if (chance(50) || !std::holds_alternative<AppendEvent>(batch.front())) return store.fail();
        for (const StoreWrite& write : batch) acts_.at(std::get<AppendEvent>(write).event.client_id).is_lost = true;
        store.answer_unknown(chance(50));
    }

    void change_rooms() {
        const RoomId room = pick(rooms_);
        const std::string title = pick(titles_);
        const std::size_t what = roll(10);
        if (what < 4) {
            answers_.push_back(create(title, chance(30) ? Visibility::private_room : Visibility::public_room));
        } else if (what < 6) {
            answers_.push_back(rename(room, title));
        } else if (what < 8) {
            RoomRecord next = record(room);
            next.visibility = chance(50) ? Visibility::private_room : Visibility::public_room;
            ++next.token_epoch;
            answers_.push_back(update(record(room), std::move(next)));
        } else if (room != kPublicChatId) {
            answers_.push_back(remove(record(room)));
        }
        rooms_ = listed();
    }

    /// The store works again, every connection sends once more, and all leave.
    void end() {
        const auto answer_all = [this] {
            for (run_batch(); !store.batches.empty() || !store.reads.empty(); run_batch()) {
                while (!store.batches.empty()) store.commit();
                while (!store.reads.empty()) store.answer_read();
            }
        };
        answer_all();
        // Twice: the first send may only make a room read what the store has.
        for (int round = 0; round < 2; ++round) {
            for (const RoomId room : listed()) {
                const ConnectionId connection = guests_.size() + 1;
                ASSERT_TRUE(enter(Entry{.connection = connection, .token_name = "last"}, room));
                guests_[connection] = {};
                say(EventKind::send, connection, "last");
                hang_up(connection);
            }
            answer_all();
        }
    }

    // --- invariants ---

    void on_extend(unsigned io_thread, RoomId room, const roomlog::Slice& slice) {
        EXPECT_GT(participants_on(io_thread, room), 0U) << "no participant there";
        const auto [told_to, is_first] = told_to_[io_thread].try_emplace(room, slice.begin);
        EXPECT_EQ(told_to->second, slice.begin) << "a gap";
        told_to->second = slice.end();
        std::istringstream lines{std::string(slice.bytes())};
        for (std::string line; std::getline(lines, line);) {
            if (!line.starts_with('#')) continue;
            EXPECT_TRUE(store.ever_kept.contains({room, std::stoull(line.substr(1))})) << "not stored: " << line;
        }
    }

    std::size_t participants_on(unsigned io_thread, RoomId room) const {
        return static_cast<std::size_t>(std::ranges::count_if(guests_, [&](const auto& guest) {
            const Reader& reader = readers.at(guest.first);
            return !guest.second.is_gone && reader.room == room && reader.io_thread == io_thread;
        }));
    }

    void check_room(RoomId room) {
        SCOPED_TRACE(fmt::format("room {}", room));
        std::vector<Event> durable;
        std::multiset<std::string> joins;
        std::multiset<std::string> leaves;
        std::map<ConnectionId, std::string> last_id;
        std::map<std::string, ConnectionId> holders;  // clients, by folded name
        for (const Event& event : encoder.events) {
            if (event.room != room) continue;
            if (is_durable(event.kind)) durable.push_back(event);
            if (event.kind == EventKind::join) joins.insert(event.name);
            if (event.kind == EventKind::leave) leaves.insert(event.name);
            if (event.kind == EventKind::leave) holders.erase(fold_case(event.name));
            const auto found = acts_.find(event.client_id);
            if (found == acts_.end() || found->second.is_lost) continue;
            const ConnectionId guest = found->second.guest;
            const ConnectionId client = guests_[guest].client;
            EXPECT_LT(last_id[guest], event.client_id) << "out of order";
            last_id[guest] = event.client_id;
            if (event.kind == EventKind::leave) continue;
            const auto [holder, is_new] = holders.emplace(fold_case(event.name), client);
            EXPECT_EQ(holder->second, client) << event.name << "the name belongs to another connection";
            EXPECT_TRUE(is_new || event.kind != EventKind::join) << event.name << " entered twice";
        }
        for (std::size_t i = 0; i < durable.size(); ++i) EXPECT_EQ(durable[i].seq, i + 1);
        EXPECT_TRUE(durable == store.kept.at(room).events) << "the log differs from the store";
        EXPECT_EQ(joins, expected_[room].joins);
        EXPECT_EQ(leaves, expected_[room].leaves);
    }

    void check_acts() {
        std::map<std::string, std::size_t> logged;
        for (const Event& event : encoder.events)
            if (is_durable(event.kind)) ++logged[event.client_id];
        for (const auto& [id, said] : acts_) {
            SCOPED_TRACE("act " + id);
            EXPECT_LE(said.refusals, 1U);
            if (said.kind != EventKind::send) continue;
            const std::size_t answers = logged[id] + said.refusals;
            EXPECT_LE(logged[id], 1U);
            EXPECT_LE(answers, said.is_lost ? 2U : 1U);
            // No answer is sent to a sender that has left, by itself or because its room was deleted.
            EXPECT_GE(answers, guests_[said.guest].is_gone ? 0U : 1U);
        }
    }

    void check_readers() {
        std::map<RoomId, std::string> logs;
        for (const Event& event : encoder.events) {
            TextEncoder again;
            again.append_frame(logs[event.room], event);
        }
        for (const auto& [connection, guest] : guests_) {
            const Reader& reader = readers[connection];
            if (guest.is_gone) continue;
            EXPECT_EQ(read(connection), logs[reader.room].substr(reader.from)) << "connection " << connection;
        }
    }

    struct Expected {
        std::multiset<std::string> joins;
        std::multiset<std::string> leaves;
    };

    std::mt19937 random_{GetParam()};
    const std::vector<std::string> names_ = {"ann", "Ann", "bob", "Bob", "cat", "dan", "eve", "fay", "gus"};
    const std::vector<std::string> titles_ = {"tea", "TEA", "coffee", "water", "juice"};
    std::vector<RoomId> rooms_;
    std::map<ConnectionId, Guest> guests_;
    std::map<std::string, Act> acts_;  // by client id; those ascend with time
    std::map<RoomId, Expected> expected_;
    std::array<std::map<RoomId, roomlog::Position>, kIoThreads> told_to_;
    std::vector<Answer> answers_;
};

TEST_P(CorePropertyTest, TheLogAlwaysEqualsTheStoredEvents) {
    for (int i = 0; i < kSteps; ++i) step();
    end();
    check_acts();
    check_readers();
    for (ConnectionId connection = 1; connection <= guests_.size(); ++connection) hang_up(connection);
    settle();
    for (const RoomId room : listed()) check_room(room);
    for (const Answer& answer : answers_) EXPECT_NE(*answer, "") << "a request without an answer";
    EXPECT_GT(encoder.events.size(), 20U) << "too few events";
}

INSTANTIATE_TEST_SUITE_P(Seeds, CorePropertyTest, testing::Range(0U, kRuns));

}  // namespace
}  // namespace globes::chat
