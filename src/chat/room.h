// One room: its record, its people, its sequence and the log of what happens in it. A state machine without I/O: events
// go in, what must be stored comes out, and once it is stored the frames stand in the log. Core thread only.
//
// Events wait in one line. A send waits until it is stored, and one with an id first until the store has said that it
// is not there yet; if the store tells repeats itself, it is asked only for an id that came lately or that it refused.
// Joins and leaves are not stored, but keep their place behind the sends that were accepted before
// them. At most one batch of a room is on its way to the store: what comes meanwhile makes the next one, so that a
// batch that fails leaves no gap behind it.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/ring.h"
#include "chat/client_event.h"
#include "chat/event_encoder.h"
#include "chat/participants.h"
#include "chat/recent_ids.h"
#include "chat/room_record.h"
#include "chat/store.h"
#include "roomlog/log_writer.h"
#include "roomlog/replay_cache.h"

namespace globes::chat {

struct RoomLimits {
    std::size_t waiting_bytes = std::size_t{8} << 20;     ///< Events not yet in the log; beyond it `unavailable`.
    std::size_t recent_ids_bytes = std::size_t{4} << 20;  ///< Of all rooms: ids that are known to be repeats at once.
};

class Room {
public:
    /// What became of a send with an id, or of any that is not going to be confirmed; for its sender alone.
    struct Answer {
        ConnectionId sender = 0;
        std::string name = {};  ///< Of the send; empty where that can't be refused any more.
        std::string client_id = {};
        std::uint64_t seq = 0;      ///< 0: refused, `unavailable`.
        bool is_duplicate = false;  ///< The event was there already.
        // Of the original, where it is a duplicate.
        UnixMicros time = 0;
        std::string frame = {};
    };
    /// What all rooms of a core share.
    struct Shared {
        RoomLimits limits;
        const EventEncoder& encoder;
        std::size_t io_threads;  ///< How many I/O threads there are.
        roomlog::ReplayCacheBudget replay_cache = {};
        bool store_tells_repeats = false;

        // Kept by the rooms.
        RecentIds recent_ids{limits.recent_ids_bytes};
        std::size_t members = 0;
        std::uint64_t sends_stored = 0;
    };

    Room(StoredRoom stored, Shared& shared);

    const RoomRecord& record() const { return record_; }
    void set_record(RoomRecord record) { record_ = std::move(record); }
    Participants& participants() { return participants_; }
    const Participants& participants() const { return participants_; }
    roomlog::LogWriter& log() { return log_; }
    const roomlog::LogWriter& log() const { return log_; }
    const roomlog::ReplayCache& replay_cache() const { return replay_cache_; }
    /// The newest seq that is known to be stored.
    std::uint64_t last_seq() const { return last_seq_; }
    /// The time of that event; absent if nothing was said, or if the event was not kept at the last start.
    std::optional<UnixMicros> newest_time() const { return replay_cache_.time_of(last_seq_); }
    /// The oldest seq that is kept.
    std::uint64_t first_seq() const { return first_seq_; }
    void set_first_seq(std::uint64_t first_seq) { first_seq_ = first_seq; }
    /// The oldest seq that had not expired by time when the store was asked last; never goes back.
    std::uint64_t unexpired_seq() const { return unexpired_seq_; }
    void set_unexpired_seq(std::uint64_t seq) { unexpired_seq_ = std::max(unexpired_seq_, seq); }
    /// What the last look for expired events asked for: those from before that time.
    std::optional<UnixMicros> looked_until() const { return looked_until_; }
    void set_looked_until(UnixMicros not_before) { looked_until_ = not_before; }
    /// By the monotonic clock: no event of the room was accepted later than this.
    std::chrono::steady_clock::time_point stored_until() const { return stored_until_; }
    void set_stored_until(std::chrono::steady_clock::time_point now) { stored_until_ = now; }
    /// The oldest seq that readers were not told to be gone under an earlier retention; never goes back.
    std::uint64_t shown_seq() const { return shown_seq_; }
    void set_shown_seq(std::uint64_t seq) { shown_seq_ = std::max(shown_seq_, seq); }
    /// Whether one whose token says `token_name` (empty: came without) may have that name here.
    bool may_be_called(std::string_view token_name, std::string_view name) const;

    /// Takes an event of one of the room's connections; one that has gone meanwhile is ignored.
    /// Errors: user_not_found, duplicate_username, client_unauthorized (field name), unavailable.
    Result<void> accept(ConnectionId sender, ClientEvent event, UnixMicros now);
    /// The connection is gone for whatever reason; the leave of a member is announced.
    void depart(ConnectionId connection, UnixMicros now);

    /// Appends the ids that the store must be asked for; each is given once.
    void take_lookups(std::vector<SendKey>& keys);
    /// The store's answer to some of them: the events that were sent with these ids before. Empty where the store could
    /// not be asked: those sends are refused.
    void resolve(std::span<const SendKey> keys, std::span<const std::optional<Event>> found);

    /// True when `submit` may have something to give.
    bool can_submit() const { return !in_flight_ && !is_recovering_ && ready_sends_ > 0; }
    /// Numbers the sends that wait, up to the first whose id is being looked up, and appends them to `batch`. Returns
    /// false where there are none.
    bool submit(StoreBatch& batch);
    /// The submitted batch is stored.
    void commit();
    /// The submitted batch is stored up to the event with this seq, whose id is stored already. That one and those
    /// behind it wait again, until their ids are looked up.
    void commit_before(std::uint64_t repeated_seq);
    /// The submitted batch is not stored, or it is not known whether it is. Nothing that waits is confirmed. After
    /// `is_known` false the room takes no sends until `recover`.
    void fail(bool is_known);
    bool is_recovering() const { return is_recovering_; }
    /// The events after `last_seq` that the store turned out to have.
    void recover(const std::vector<Event>& events);

    /// What senders are to be told since the last call, in order.
    std::vector<Answer> take_answers() { return std::exchange(answers_, {}); }

private:
    enum class Stage : std::uint8_t { live, unasked, looking_up, ready, submitted };
    struct Waiting {
        Event event;
        SendKey key = {};  // of a send with an id
        ConnectionId sender = 0;
        std::uint64_t hold = 0;  // of the name that a leave frees
        Stage stage = Stage::live;
        bool is_known = false;                   // its id: it came lately, or the store has refused it
        bool was_asked = false;                  // its id was looked up
        std::vector<ConnectionId> repeats = {};  // connections that sent the same id again meanwhile
    };

    Result<void> join(Participant& participant, ClientEvent event, UnixMicros now);
    Result<void> send(Participant& participant, ClientEvent event, UnixMicros now);
    void leave(Participant& participant, std::string color, std::string client_id, UnixMicros now);
    UnixMicros time_at(UnixMicros now);
    Result<void> check_name(const Participant& participant, const std::string& name) const;
    void enqueue(Waiting waiting);
    void append_ready(std::uint64_t stored_seq);
    void append(const Event& event);
    void forget(const Waiting& waiting);
    void note_not_confirmed(const Waiting& waiting, bool is_outcome_known);
    void confirm(const Waiting& waiting);
    void refuse(const Waiting& waiting);
    Ring<Waiting>::iterator find_waiting(const SendKey& key);
    std::string frame_of(const Event& event) const;

    RoomRecord record_;
    Shared& shared_;
    Participants participants_;
    roomlog::LogWriter log_;
    roomlog::ReplayCache replay_cache_;
    Ring<Waiting> waiting_;                        // oldest first; the submitted sends stand before those that are not
    std::unordered_set<std::string> waiting_ids_;  // of the sends with an id in the line
    std::vector<std::string> undecided_ids_;       // refused; `recover` tells whether they are stored
    std::vector<Answer> answers_;
    std::size_t waiting_bytes_ = 0;
    std::size_t unasked_ = 0;      // sends whose id is to be looked up
    std::size_t ready_sends_ = 0;  // sends that wait for nothing but their turn
    std::uint64_t last_seq_;
    std::uint64_t first_seq_;
    std::uint64_t unexpired_seq_ = 1;
    std::uint64_t shown_seq_ = 1;
    UnixMicros last_time_;  // of an event that was accepted
    std::chrono::steady_clock::time_point stored_until_ = {};
    std::optional<UnixMicros> looked_until_ = {};
    bool in_flight_ = false;
    bool is_recovering_ = false;
};

}  // namespace globes::chat
