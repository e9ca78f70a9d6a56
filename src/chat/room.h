// One room: its record, its participants, its sequence and the log of what happens in it. A state machine without I/O:
// events and answers of the store go in, effects come out (effects.h), and stored events stand in the log. Owned by the
// core's directory, core thread only.
//
// Events wait in one line (`Pending::Stage` has their states), so that order is kept: joins and leaves are not stored,
// but stay behind the sends that were accepted before them. At most one batch of a room is on its way to the store:
// later sends make the next one, so that a batch that fails leaves no gap in the sequence.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/ring.h"
#include "chat/effects.h"
#include "chat/event.h"
#include "chat/participants.h"
#include "chat/recent_ids.h"
#include "chat/room_record.h"
#include "chat/store.h"
#include "chat/visible_range.h"
#include "roomlog/log_writer.h"
#include "roomlog/replay_cache.h"

namespace globes::chat {

struct RoomLimits {
    std::size_t waiting_bytes = std::size_t{8} << 20;     ///< Events not yet in the log; beyond it `unavailable`.
    std::size_t recent_ids_bytes = std::size_t{4} << 20;  ///< Of all rooms: ids that are known to be repeats at once.
};

class Room {
public:
    /// What all rooms of a core share. `encoder`, `clock` and `expiry_clock` outlive the rooms.
    struct Shared {
        RoomLimits limits;
        const EventEncoder& encoder;
        const Clock& clock;
        const ExpiryClock& expiry_clock;
        std::size_t io_threads;  ///< How many there are.
        roomlog::ReplayCacheBudget replay_cache = {};
        RetentionLimits retention = {};  ///< Of rooms that have no limits of their own.
        std::uint64_t sure_events = 0;   ///< Store::sure_events
        bool store_tells_repeats = false;

        // Kept by the rooms.
        RecentIds recent_ids{limits.recent_ids_bytes};
        std::size_t members = 0;
        std::uint64_t sends_stored = 0;
    };

    Room(StoredRoom stored, Shared& shared);
    Room(const Room&) = delete;
    Room& operator=(const Room&) = delete;

    RoomId id() const { return record_.id; }
    const RoomRecord& record() const { return record_; }
    /// Events that are hidden by the retention of the old record stay hidden.
    void set_record(RoomRecord record);
    Participants& participants() { return participants_; }
    const Participants& participants() const { return participants_; }
    /// Where the next frame of the room's log will begin.
    roomlog::Position log_end() const { return log_.end(); }
    const roomlog::ReplayCache& replay_cache() const { return replay_cache_; }
    /// The newest seq that is known to be stored.
    std::uint64_t last_seq() const { return last_seq_; }
    /// The time of that event; absent if nothing was sent, or if the event was not kept at the last start.
    std::optional<UnixMicros> newest_time() const { return replay_cache_.time_of(last_seq_); }
    /// Whether a client whose token says `token_name` (empty: it came without a token) may have that name here.
    bool may_be_called(std::string_view token_name, std::string_view name) const;

    RetentionLimits retention() const;
    VisibilityFloors& floors() { return floors_; }
    const VisibilityFloors& floors() const { return floors_; }
    /// As readers see the room now.
    RoomView view() const {
        return {.record = record_, .users = participants_.users(kMaxListedUsers), .online = participants_.online()};
    }
    /// Which events may be shown now.
    VisibleRange visible() const;

    // --- commands ---

    /// Takes an event of one of the room's connections; an event of a connection that is gone is ignored. A refused
    /// event is answered by `Refuse`: user_not_found, duplicate_username, client_unauthorized (field name),
    /// unavailable.
    void accept(ConnectionId sender, ClientEvent event, UnixMicros now, Effects& effects);
    /// The connection is gone for whatever reason; the leave of a member is announced.
    void depart(ConnectionId connection, UnixMicros now, Effects& effects);
    /// Ends the connections for which `ends` is true, after everything that was said before.
    void end_connections(Ending ending, const std::function<bool(const Participant&)>& ends, UnixMicros now,
                         Effects& effects);
    /// The deletion of the room is on its way to the store: sends are refused, and nothing more is given to the store.
    void begin_deletion() { is_being_deleted_ = true; }
    /// The deletion failed.
    void cancel_deletion(Effects& effects);
    bool is_being_deleted() const { return is_being_deleted_; }

    // --- answers of the store ---

    /// To `LookUp`: the events that were sent with these ids before. `found` is empty if the store could not be asked:
    /// those sends are refused.
    void resolve(std::span<const SendKey> keys, std::span<const std::optional<Event>> found, Effects& effects);
    /// To `Append`: the batch is stored.
    void commit(Effects& effects);
    /// To `Append`: the batch is stored up to the event before this seq, whose id is stored already. That event and
    /// those behind it wait again, until their ids are looked up.
    void commit_before(std::uint64_t repeated_seq, Effects& effects);
    /// To `Append`: the batch is not stored, or it is not known whether it is. All pending sends are refused. After
    /// `is_known` false the room takes no sends until `recover`.
    void fail(bool is_known, Effects& effects);
    bool is_recovering() const { return is_recovering_; }
    /// To `Recover`: the events after `last_seq` that the store turned out to have.
    void recover(const std::vector<Event>& events, Effects& effects);

private:
    /// An event that is not in the log yet.
    struct Pending {
        enum class Stage : std::uint8_t {
            live,        ///< A join or a leave: not stored, goes to the log at the head of the line.
            looking_up,  ///< The store is asked whether an event with this id is stored already.
            ready,       ///< Waits for the answer to the batch that is on its way, or to a lookup before it.
            storing,     ///< Has a seq and is in the batch that is on its way to the store.
            durable,     ///< Stored, goes to the log at the head of the line.
        };

        Event event;
        SendKey key = {};  // of a send with an id
        ConnectionId sender = 0;
        std::uint64_t hold = 0;  // of the name that a leave frees
        Stage stage = Stage::live;
        bool is_known = false;  // its id: it came lately, or the store has refused it
        bool was_looked_up = false;
        std::vector<ConnectionId> repeats = {};  // connections that sent the same id again meanwhile
    };
    using Stage = Pending::Stage;

    Result<void> take(Participant& sender, ClientEvent event, UnixMicros now, Effects& effects);
    Result<void> join(Participant& participant, ClientEvent event, UnixMicros now, Effects& effects);
    Result<void> send(Participant& participant, ClientEvent event, UnixMicros now, Effects& effects);
    void leave(Participant& participant, std::string color, std::string client_id, UnixMicros now, Effects& effects);
    UnixMicros time_at(UnixMicros now);
    Result<void> check_name(const Participant& participant, const std::string& name) const;

    void enqueue(Pending pending, Effects& effects);
    void look_up(Pending& pending, Effects& effects);
    void store(Pending& pending, Effects& effects);
    void store_ready(Effects& effects);
    void append_head(Effects& effects);
    void append(const Event& event, Effects& effects);
    void note_stored();
    void forget(const Pending& pending);
    void note_not_confirmed(const Pending& pending, bool is_outcome_known);
    void confirm(const Pending& pending, Effects& effects);
    void answer_repeat(ConnectionId repeat, const Event& original, Effects& effects);
    void refuse(const Pending& pending, Effects& effects);
    void refuse(ConnectionId sender, const Event& event, Effects& effects);
    Ring<Pending>::iterator find_pending(const SendKey& key);
    std::string frame_of(const Event& event) const;

    RoomRecord record_;
    Shared& shared_;
    Participants participants_;
    roomlog::LogWriter log_;
    roomlog::ReplayCache replay_cache_;
    Effects::PublishMark publish_mark_ = {};
    Ring<Pending> line_;                        // oldest first; storing sends stand before those that are not
    std::unordered_set<std::string> line_ids_;  // of the sends with an id in the line
    std::vector<std::string> undecided_ids_;    // refused; `recover` tells whether they are stored
    std::size_t line_bytes_ = 0;
    std::size_t unstored_ = 0;     // sends in the line that are looking up or ready
    std::size_t storing_ = 0;      // sends in the line that are storing
    std::uint64_t stored_by_ = 0;  // the batch of effects that stores them; 0: no batch is on its way
    std::uint64_t last_seq_;
    VisibilityFloors floors_;
    UnixMicros last_time_;  // of an event that was accepted
    bool is_being_deleted_ = false;
    bool is_recovering_ = false;
};

}  // namespace globes::chat
