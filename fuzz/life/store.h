// A store in memory for the target server_life. It answers when the script says so, and as the script says: committed,
// failed, or with an unknown outcome. It outlives the servers that use it, as a database outlives a process. No thread.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "chat/store.h"
#include "store/memory/room_table.h"

namespace globes::fuzz {

class ScriptedStore final : public chat::Store {
public:
    chat::StoredRooms load_rooms() override {
        chat::StoredRooms stored;
        for (const auto& [id, record] : records_) {
            const auto newest = page({.room = id, .limit = 1, .keeps_newest = true});
            chat::StoredRoom room{.record = record, .last_seq = last_seq_[id], .first_seq = newest.first_seq};
            if (!newest.events.empty()) room.last_time = newest.events.back().time;
            stored.rooms.push_back(std::move(room));
        }
        stored.next_room_id = next_room_id_;
        return stored;
    }
    void append(chat::StoreBatch batch, chat::BatchDone done) override {
        batches_.push_back({std::move(batch), std::move(done)});
    }
    void read_events(chat::EventQuery query, std::move_only_function<void(chat::EventPage)> done) override {
        reads_.emplace_back([this, query, done = std::move(done)](bool ok) mutable {
            if (ok) settle_unconfirmed();
            done(ok ? page(query) : chat::EventPage{});
        });
    }
    void find_sends(std::vector<chat::SendKey> keys, std::move_only_function<void(chat::SendLookup)> done) override {
        reads_.emplace_back([this, keys = std::move(keys), done = std::move(done)](bool ok) mutable {
            chat::SendLookup lookup{.ok = ok, .found = {}};
            for (const chat::SendKey& key : keys)
                lookup.found.push_back(ok ? rooms_.find(key) : std::optional<chat::Event>());
            done(std::move(lookup));
        });
    }
    void ping(std::move_only_function<void(bool)> done) override {
        reads_.emplace_back([done = std::move(done)](bool ok) mutable { done(ok); });
    }
    void stop() override {}

    // --- the script's side ---

    enum class Answer : std::uint8_t { committed, failed, unknown_stored, unknown_lost };

    bool has_waiting() const { return !batches_.empty() || !reads_.empty(); }
    /// Answers the oldest batch, if one waits.
    void answer_batch(Answer answer) {
        if (batches_.empty()) return;
        auto [batch, done] = std::move(batches_.front());
        batches_.pop_front();
        if (answer == Answer::committed) {
            const bool is_stored = apply(std::move(batch));
            return done(is_stored ? chat::CommitOutcome::committed : chat::CommitOutcome::failed);
        }
        // Stored as soon as a read begins: until then it may still be on its way.
        if (answer == Answer::unknown_stored) unconfirmed_.push_back(std::move(batch));
        done(answer == Answer::failed ? chat::CommitOutcome::failed : chat::CommitOutcome::unknown);
    }
    /// Answers the oldest read, if one waits.
    void answer_read(bool ok) {
        if (reads_.empty()) return;
        auto answer = std::move(reads_.front());
        reads_.pop_front();
        answer(ok);
    }
    /// The process of the server ends: of the batches that wait, the first `survivors` are stored, and the rest is
    /// lost.
    void lose_client(std::size_t survivors) {
        settle_unconfirmed();
        for (std::size_t i = 0; i < std::min(survivors, batches_.size()); ++i) apply(std::move(batches_[i].batch));
        batches_.clear();
        reads_.clear();
    }

    // --- what is stored ---

    const std::map<chat::RoomId, chat::RoomRecord>& records() const { return records_; }
    std::uint64_t last_seq(chat::RoomId room) const {
        const auto found = last_seq_.find(room);
        return found == last_seq_.end() ? 0 : found->second;
    }
    chat::EventPage page(const chat::EventQuery& query) const { return rooms_.read(query); }

private:
    struct Waiting {
        chat::StoreBatch batch;
        chat::BatchDone done;
    };

    void settle_unconfirmed() {
        for (chat::StoreBatch& batch : std::exchange(unconfirmed_, {})) apply(std::move(batch));
    }
    bool apply(chat::StoreBatch batch) {
        if (!rooms_.apply(batch)) return false;
        for (const chat::StoreWrite& write : batch) {
            if (const auto* put = std::get_if<chat::PutRoom>(&write)) {
                records_[put->room.id] = put->room;
                if (put->room.id < chat::kFirstRandomRoomId) next_room_id_ = std::max(next_room_id_, put->room.id + 1);
            } else if (const auto* deletion = std::get_if<chat::DeleteRoom>(&write)) {
                records_.erase(deletion->room);
                last_seq_.erase(deletion->room);
            } else if (const auto* append = std::get_if<chat::AppendEvent>(&write)) {
                last_seq_[append->event.room] = append->event.seq;
            }
        }
        return true;
    }

    store::RoomTable rooms_{1'000'000};
    std::map<chat::RoomId, chat::RoomRecord> records_;
    std::map<chat::RoomId, std::uint64_t> last_seq_;
    chat::RoomId next_room_id_ = 1;
    std::deque<Waiting> batches_;
    std::deque<std::move_only_function<void(bool)>> reads_;
    std::vector<chat::StoreBatch> unconfirmed_;
};

}  // namespace globes::fuzz
