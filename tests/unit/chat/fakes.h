// Fakes of the core's ports: a store whose answers the test gives, I/O threads that record their calls, a clock that
// the test sets, and readable frames. No threads.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "base/text.h"
#include "chat/event.h"
#include "chat/io_port.h"
#include "chat/store.h"

namespace globes::chat {

class ManualClock final : public Clock {
public:
    UnixMicros now_us() const override {
        if (throws) throw std::runtime_error("broken clock");
        return now;
    }
    std::chrono::steady_clock::time_point steady() const override {
        return std::chrono::steady_clock::time_point(std::chrono::microseconds(now - jumped_by_));
    }
    /// The wall clock alone.
    void jump(UnixMicros by) {
        now += by;
        jumped_by_ += by;
    }

    UnixMicros now = 1'607'030'634'421'318;  ///< To be set ahead where time passes.
    bool throws = false;

private:
    UnixMicros jumped_by_ = 0;
};

/// `#1 ann: hello` for a send, the plain text for joins and leaves; one line each.
class TextEncoder final : public EventEncoder {
public:
    void append_frame(std::string& out, const Event& event) const override {
        if (throws) throw std::runtime_error("broken encoder");
        events.push_back(event);
        for (int i = 0; i < repeats; ++i)
            out += is_durable(event.kind) ? fmt::format("#{} {}: {}\n", event.seq, event.name, event.text)
                                          : event.text + '\n';
    }

    mutable std::vector<Event> events;  ///< All that were encoded, in order.
    int repeats = 1;                    ///< How often a frame has its text.
    bool throws = false;
};

/// Holds batches and reads until the test answers them, oldest first. Fails the test if the core breaks a rule: two
/// batches of one room at a time, an event of a room that is being deleted or does not exist, two rooms with one title.
class FakeStore final : public Store {
public:
    struct Kept {
        RoomRecord record;
        std::vector<Event> events;
        std::uint64_t purged = 0;  // up to this seq
    };

    explicit FakeStore(bool reports_repeats = false) : reports_repeats_(reports_repeats) {}

    bool reports_repeats() const override { return reports_repeats_; }
    StoredRooms load_rooms() override { return {}; }

    void append(StoreBatch batch, BatchDone done) override {
        maybe_throw();
        for (const StoreWrite& write : batch)
            if (const auto* append = std::get_if<AppendEvent>(&write)) check_append(batch, append->event);
        batches.push_back({std::move(batch), std::move(done)});
    }
    void read_events(EventQuery query, std::move_only_function<void(EventPage)> done) override {
        maybe_throw();
        reads.push_back({query, std::move(done)});
    }
    /// Answers at once, with the committed rooms.
    void find_sends(std::vector<SendKey> keys, std::move_only_function<void(SendLookup)> done) override {
        maybe_throw();
        looked_up += keys.size();
        if (!answers_lookups) return done({});
        SendLookup lookup{.ok = true, .found = {}};
        for (const SendKey& key : keys) {
            std::optional<Event> found;
            for (const Event& event : kept[key.room].events)
                if (event.client_id == key.client_id && fold_case(event.name) == key.folded_name) found = event;
            lookup.found.push_back(std::move(found));
        }
        done(std::move(lookup));
    }
    std::uint64_t guaranteed_events() const override { return most_events; }
    void ping(std::move_only_function<void(bool)> done) override { done(true); }
    void stop() override {}

    // --- the test's side ---

    void commit() {
        auto [batch, done] = take();
        apply(batch);
        done(CommitOutcome::committed);
    }
    void fail() { take().done(CommitOutcome::failed); }
    /// Answers `unknown`; the next read of one of its rooms finds the batch if it `is_stored`.
    void answer_unknown(bool is_stored) {
        auto [batch, done] = take();
        if (is_stored) unconfirmed_.push_back(std::move(batch));
        done(CommitOutcome::unknown);
    }
    /// Commits the part of the batch in `room`; answers `failed` for the other rooms.
    void commit_only(RoomId room) {
        auto [batch, done] = take();
        std::vector<BatchOutcome::Part> parts;
        for (const StoreWrite& write : batch) {
            const RoomId own = room_of(write);
            parts.push_back({own, own == room ? CommitOutcome::committed : CommitOutcome::failed});
        }
        std::erase_if(batch, [room](const StoreWrite& write) { return room_of(write) != room; });
        apply(batch);
        done(BatchOutcome(std::move(parts)));
    }
    /// Commits the sends of a batch of `room` alone that are before `repeated_seq`, and answers that the id of that one
    /// is stored already.
    void commit_before(RoomId room, std::uint64_t repeated_seq) {
        auto [batch, done] = take();
        std::erase_if(batch,
                      [&](const StoreWrite& write) { return std::get<AppendEvent>(write).event.seq >= repeated_seq; });
        apply(batch);
        done(BatchOutcome({{room, CommitOutcome::failed, repeated_seq}}));
    }
    void answer_read(bool ok = true) {
        ASSERT_FALSE(reads.empty());
        auto [query, done] = std::move(reads.front());
        reads.pop_front();
        if (!ok) return done({});
        std::erase_if(unconfirmed_, [&](const StoreBatch& batch) {
            if (!concerns(batch, query.room)) return false;
            apply(batch);
            return true;
        });
        EventPage page{.ok = true, .events = {}};
        if (const auto found = kept.find(query.room); found != kept.end()) {
            const std::vector<Event>& events = found->second.events;
            const std::uint64_t last_seq = events.empty() ? found->second.purged : events.back().seq;
            const auto times_at = [&](const std::vector<std::uint64_t>& seqs) {
                std::vector<std::optional<UnixMicros>> times;
                for (const std::uint64_t seq : seqs) times.emplace_back(events.at(seq - events.front().seq).time);
                return times;
            };
            page.first_seq =
                first_unexpired({.first = events.empty() ? last_seq + 1 : events.front().seq, .last = last_seq},
                                query.expiry, times_at);
            PageBytes bytes(query);
            for (const Event& event : events) {
                const bool is_before = query.before == 0 || event.seq < query.before;
                const bool is_in_range = event.seq > query.after && event.seq >= page.first_seq && is_before;
                if (!is_in_range || page.is_cut || page.events.size() == query.limit) continue;
                page.is_cut = !bytes.take(event);
                if (!page.is_cut) page.events.push_back(event);
            }
        }
        done(std::move(page));
    }

    /// The writes of a waiting batch: `put 2 Tea`, `delete 2`, `2#1 hello`.
    std::vector<std::string> written(std::size_t waiting) const {
        std::vector<std::string> lines;
        for (const StoreWrite& write : batches.at(waiting).batch) lines.push_back(std::visit(Line{}, write));
        return lines;
    }

    struct WaitingBatch {
        StoreBatch batch;
        BatchDone done;
    };
    struct WaitingRead {
        EventQuery query;
        std::move_only_function<void(EventPage)> done;
    };
    std::deque<WaitingBatch> batches;
    std::deque<WaitingRead> reads;
    std::map<RoomId, Kept> kept;
    std::size_t looked_up = 0;
    bool answers_lookups = true;
    std::uint64_t most_events = 0;
    int throws = 0;                                        ///< The number of the next calls that throw.
    std::set<std::pair<RoomId, std::uint64_t>> ever_kept;  ///< Room and seq, of deleted rooms too.

private:
    void maybe_throw() {
        if (throws == 0) return;
        --throws;
        throw std::runtime_error("broken store");
    }
    struct Line {
        std::string operator()(const PutRoom& put) const {
            return fmt::format("put {} {}", put.room.id, put.room.title);
        }
        std::string operator()(const DeleteRoom& deletion) const { return fmt::format("delete {}", deletion.room); }
        std::string operator()(const PurgeEvents& purge) const {
            return fmt::format("purge {} to {}", purge.room, purge.through_seq);
        }
        std::string operator()(const AppendEvent& append) const {
            return fmt::format("{}#{} {}", append.event.room, append.event.seq, append.event.text);
        }
    };
    static bool concerns(const StoreBatch& batch, RoomId room) {
        return std::ranges::any_of(batch, [&](const StoreWrite& write) { return room_of(write) == room; });
    }

    void check_append(const StoreBatch& own, const Event& event) const {
        bool is_there = kept.contains(event.room);
        const auto look_at = [&](const StoreWrite& write) {
            if (room_of(write) != event.room) return;
            if (std::holds_alternative<PutRoom>(write)) is_there = true;
            if (std::holds_alternative<DeleteRoom>(write)) is_there = false;
        };
        for (const WaitingBatch& waiting : batches) {
            for (const StoreWrite& write : waiting.batch) {
                look_at(write);
                const auto* append = std::get_if<AppendEvent>(&write);
                EXPECT_TRUE(append == nullptr || append->event.room != event.room)
                    << "a second batch of room " << event.room << " is in flight";
            }
        }
        for (const StoreWrite& write : own) look_at(write);
        EXPECT_TRUE(is_there) << "an event of room " << event.room << ", which is being deleted or does not exist";
        EXPECT_TRUE(is_durable(event.kind));
    }

    WaitingBatch take() {
        if (batches.empty()) throw std::logic_error("no batch waits for an answer");
        WaitingBatch oldest = std::move(batches.front());
        batches.pop_front();
        return oldest;
    }

    void apply(const StoreBatch& batch) {
        for (const StoreWrite& write : batch) {
            if (const auto* put = std::get_if<PutRoom>(&write)) {
                kept[put->room.id].record = put->room;
            } else if (const auto* deletion = std::get_if<DeleteRoom>(&write)) {
                kept.erase(deletion->room);
            } else if (const auto* purge = std::get_if<PurgeEvents>(&write)) {
                Kept& room = kept[purge->room];
                room.purged = std::max(room.purged, purge->through_seq);
                std::erase_if(room.events, [&](const Event& event) { return event.seq <= room.purged; });
            } else if (const Event& event = std::get<AppendEvent>(write).event; kept.contains(event.room)) {
                std::vector<Event>& events = kept[event.room].events;
                EXPECT_EQ(event.seq, (events.empty() ? kept[event.room].purged : events.back().seq) + 1)
                    << "in room " << event.room;
                events.push_back(event);
                ever_kept.emplace(event.room, event.seq);
            }
        }
        std::set<std::string> titles;
        for (const auto& [id, room] : kept)
            EXPECT_TRUE(titles.insert(fold_case(room.record.title)).second) << "twice: " << room.record.title;
    }

    const bool reports_repeats_;
    std::vector<StoreBatch> unconfirmed_;
};

/// Records every call, and keeps the published slices.
class FakeIoPort final : public IoPort {
public:
    void extend(RoomId room, const roomlog::Slice& slice) override {
        calls.push_back(fmt::format("extend {}: {}", room, slice.bytes()));
        published[room].push_back(slice);
        if (on_extend) on_extend(room, slice);
    }
    void refuse(RoomId room, ConnectionId connection, EventRefusal refusal) override {
        const Error& error = refusal.error;
        const std::string& client_id = refusal.client_id;
        const std::string wait =
            refusal.retry_after_ms ? fmt::format(" after {} ms", *refusal.retry_after_ms) : std::string();
        calls.push_back(fmt::format("refuse {} in {}: {}{}{}{}{}{}", connection, room, static_cast<int>(error.code),
                                    error.field.empty() ? "" : " ", error.field, client_id.empty() ? "" : " ",
                                    client_id, wait));
        refused_names.push_back(refusal.name);
        if (on_refuse) on_refuse(connection, client_id);
    }
    void acknowledge(ConnectionId connection, const std::string& client_id, std::uint64_t seq,
                     bool is_duplicate) override {
        calls.push_back(fmt::format("ack {}: {} {}{}", connection, client_id, seq, is_duplicate ? " again" : ""));
    }
    void send(ConnectionId connection, std::string frames) override {
        calls.push_back(fmt::format("send {}: {}", connection, frames));
    }
    void end(ConnectionId connection, Ending ending) override {
        calls.push_back(fmt::format("end {}: {}", connection,
                                    ending == Ending::room_deleted ? "room_deleted"
                                    : ending == Ending::replaced   ? "replaced"
                                                                   : "authorization_ended"));
        if (on_end) on_end(connection);
    }
    void run(Task task) override {
        calls.emplace_back("run");
        task();
    }
    void flush() override { ++flushes; }

    std::vector<std::string> take_calls() { return std::exchange(calls, {}); }
    /// What a connection that entered at `from` reads; fails the test if bytes are missing.
    std::string read(RoomId room, roomlog::Position from) const {
        std::string text;
        const auto found = published.find(room);
        if (found == published.end()) return text;
        for (const roomlog::Slice& slice : found->second) {
            if (slice.end() <= from) continue;
            const roomlog::Position next = from + text.size();
            EXPECT_LE(slice.begin, next) << "a gap in room " << room;
            if (slice.begin > next) return text;
            text += slice.bytes().substr(next - slice.begin);
        }
        return text;
    }

    std::vector<std::string> calls;
    std::map<RoomId, std::vector<roomlog::Slice>> published;
    std::size_t flushes = 0;
    std::function<void(RoomId, const roomlog::Slice&)> on_extend;
    std::function<void(ConnectionId, const std::string&)> on_refuse;
    std::vector<std::string> refused_names;  ///< That the refused events tried, in order.
    std::function<void(ConnectionId)> on_end;
};

}  // namespace globes::chat
