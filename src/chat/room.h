// One room: its record, participants, seqs and log. A state machine without I/O: events of clients and answers of the
// store go in; effects (effects.h) and frames in the room log come out. Owned by the core's directory. Thread: the core
// thread.
//
// Accepted events wait in one queue until they enter the log (event_queue.h). At most one store batch of a room is in
// flight, and later sends wait for its answer, so that a failed one leaves no gap in the seqs.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/log_once.h"
#include "chat/effects.h"
#include "chat/event.h"
#include "chat/event_queue.h"
#include "chat/participants.h"
#include "chat/rate_limiter.h"
#include "chat/recent_ids.h"
#include "chat/room_record.h"
#include "chat/store.h"
#include "chat/visible_range.h"
#include "roomlog/log_writer.h"
#include "roomlog/replay_cache.h"

namespace globes::chat {

struct RoomLimits {
    std::size_t waiting_bytes = std::size_t{8} << 20;     ///< Of the queue; above it, events are refused.
    std::size_t recent_ids_bytes = std::size_t{4} << 20;  ///< Of RecentIds, for all rooms.
    RateLimit sends{.per_second = 0, .burst = 1};         ///< Of all connections in a room.
};

/// Why nothing new is stored while `Room::Shared::is_disk_low`.
inline constexpr Error kDiskLow{.code = ErrorCode::unavailable,
                                .reason = "The server has too little free disk space. Try again later.",
                                .limit = "min_free_disk"};

/// Why a send exceeds RoomLimits::sends.
inline constexpr Error kRoomIsBusy{.code = ErrorCode::too_many_requests,
                                   .reason = "This room gets as many messages as it may for now.",
                                   .limit = "room_messages"};

class Room {
public:
    /// The state that all rooms of a core share. `encoder`, `clock` and `expiry_clock` MUST outlive the rooms.
    struct Shared {
        RoomLimits limits;
        const EventEncoder& encoder;
        const Clock& clock;
        const ExpiryClock& expiry_clock;
        std::size_t io_threads;  ///< The number of I/O threads.
        roomlog::ReplayCacheBudget replay_cache = {};
        RetentionLimits retention = {};       ///< For limits that a room does not set.
        std::uint64_t guaranteed_events = 0;  ///< Store::guaranteed_events
        bool store_reports_repeats = false;
        bool is_disk_low = false;                         ///< Sends, new rooms and changes of rooms are refused.
        LogOnce busy_rooms{std::chrono::minutes{1}, 64};  ///< Rooms with too many sends, by their ids.

        // Updated by the rooms.
        RecentIds recent_ids{limits.recent_ids_bytes};
        std::size_t members = 0;  ///< The sum over all rooms.
        std::uint64_t sends_stored = 0;
    };

    Room(StoredRoom stored, Shared& shared);
    Room(const Room&) = delete;
    Room& operator=(const Room&) = delete;

    RoomId id() const { return record_.id; }
    const RoomRecord& record() const { return record_; }
    /// Replaces the record. Events that the retention of the old record hides stay hidden.
    void set_record(RoomRecord record);
    Participants& participants() { return participants_; }
    const Participants& participants() const { return participants_; }
    /// The end of the room log.
    roomlog::Position log_end() const { return log_.end(); }
    const roomlog::ReplayCache& replay_cache() const { return replay_cache_; }
    /// The newest seq that is known to be stored; 0 if the room has had no durable event.
    std::uint64_t last_seq() const { return last_seq_; }
    /// The time of the event `last_seq`; absent if that is 0, or if the event was not kept at the last start.
    std::optional<UnixMicros> newest_time() const { return replay_cache_.time_of(last_seq_); }
    /// Returns the only name that a client may have here; empty if it may have any. `token_name`: the name in its
    /// token; empty if it has no token.
    std::string_view bound_name(std::string_view token_name) const {
        return record_.visibility == Visibility::public_room ? std::string_view() : token_name;
    }

    RetentionLimits retention() const;
    VisibilityFloors& floors() { return floors_; }
    const VisibilityFloors& floors() const { return floors_; }
    /// Returns a snapshot of the room.
    RoomView view() const {
        return {.record = record_, .users = participants_.users(kMaxListedUsers), .online = participants_.online()};
    }
    /// Returns a snapshot without users.
    RoomView outline() const { return {.record = record_, .users = {}, .online = participants_.online()}; }
    /// The number of members as the joins and leaves in the log have it: a client that reads from `log_end` counts on
    /// from it. Others are queued behind sends that are not stored yet.
    std::size_t online_in_log() const {
        assert(participants_.online() + queue_.leaves() >= queue_.joins());
        return participants_.online() + queue_.leaves() - queue_.joins();
    }
    /// Returns which events may be shown now.
    VisibleRange visible() const;

    // --- commands ---

    /// Handles an event of a connection; ignored if the connection is not in the room. A refused event is answered by
    /// `Refuse` with user_not_found, duplicate_username or client_unauthorized (field name); too_many_requests with the
    /// time to wait if the room has too many sends; unavailable, with a reason if the disk is low.
    void accept(ConnectionId sender, ClientEvent event, UnixMicros now, Effects& effects);
    /// Removes a connection that has ended; ignored if it is not in the room. The leave of a member is announced.
    void depart(ConnectionId connection, UnixMicros now, Effects& effects);
    /// Ends the connections for which `ends` returns true. They still receive the frames that the log has now.
    void end_connections(Ending ending, const std::function<bool(const Participant&)>& ends, UnixMicros now,
                         Effects& effects);
    /// The deletion of the room is in flight to the store. Until it is answered, the room refuses sends and does not
    /// give events to the store.
    void begin_deletion() { is_being_deleted_ = true; }
    /// The deletion has failed.
    void cancel_deletion(Effects& effects);
    bool is_being_deleted() const { return is_being_deleted_; }

    // --- answers of the store ---

    /// To `LookUp`. `keys`: of this room. `found`: the stored send for each key, in order; empty if the store could not
    /// be read: the sends with these keys are refused.
    void resolve(std::span<const SendKey> keys, std::span<const std::optional<Event>> found, Effects& effects);
    /// To `Append`: the store batch is stored.
    void commit(Effects& effects);
    /// To `Append`: the events before `repeated_seq` are stored. The client id of the event with this seq is stored
    /// already, so this event and the later ones of the store batch are not stored: they wait in the queue again, and
    /// their client ids are looked up.
    void commit_before(std::uint64_t repeated_seq, Effects& effects);
    /// To `Append`: the store batch is not stored, or its outcome is unknown (`is_known` is false). All queued sends
    /// are refused. After an unknown outcome the room refuses sends until `recover`.
    void fail(bool is_known, Effects& effects);

    // --- after an exception ---
    // These do not throw.

    /// The room has queued an event only in part, or its effects could not be carried out: refuses the queued sends
    /// that the store does not have yet.
    void abandon(Effects& effects);
    /// The room has handled an answer of the store only in part: refuses all queued sends, and reads again what is
    /// stored (`Recover`).
    void reread(Effects& effects);

    /// The batch whose effects have given the store the store batch in flight; 0 if none is in flight.
    std::uint64_t stored_by() const { return stored_by_; }
    bool is_recovering() const { return is_recovering_; }
    /// To `Recover`: the events after `last_seq` that are stored, in the order of their seqs.
    void recover(const std::vector<Event>& events, Effects& effects);

private:
    using Stage = QueuedEvent::Stage;

    Result<void> check(const Participant& sender, const ClientEvent& event,
                       const std::optional<WantedName>& new_name) const;
    std::optional<std::uint32_t> wait_for_rate();
    Result<void> take(Participant& sender, ClientEvent event, const std::optional<WantedName>& new_name, UnixMicros now,
                      Effects& effects);
    Result<void> join(Participant& participant, ClientEvent event, const std::optional<WantedName>& new_name,
                      UnixMicros now, Effects& effects);
    Result<void> send(Participant& participant, ClientEvent event, const std::optional<WantedName>& new_name,
                      UnixMicros now, Effects& effects);
    void leave(Participant& participant, std::string color, std::string client_id, UnixMicros now, Effects& effects);
    UnixMicros time_at(UnixMicros now);
    Result<void> check_name(const Participant& participant, const std::string& name,
                            const std::optional<WantedName>& new_name) const;

    void enqueue(QueuedEvent pending, Effects& effects);
    void look_up(QueuedEvent& pending, Effects& effects);
    void store(QueuedEvent& pending, Effects& effects);
    void store_ready(Effects& effects);
    void append_head(Effects& effects);
    void append(const Event& event, Effects& effects);
    bool prove(std::uint64_t arrival);
    void end_disproved(std::vector<std::uint64_t> arrivals, Effects& effects);
    void refuse_unstored(Effects& effects);
    void refuse_queued(bool is_known, Effects& effects);
    void refuse_and_forget(const QueuedEvent& pending, bool is_outcome_known, Effects& effects);
    void note_stored();
    void note_not_confirmed(const QueuedEvent& pending, bool is_outcome_known);
    void confirm(const QueuedEvent& pending, Effects& effects);
    void answer_repeat(ConnectionId repeat, const Event& original, Effects& effects);
    void refuse(const QueuedEvent& pending, Effects& effects);
    void refuse(ConnectionId sender, const Event& event, const Error& error, Effects& effects);
    std::string frame_of(const Event& event) const;

    RoomRecord record_;
    Shared& shared_;
    Participants participants_;
    roomlog::LogWriter log_;
    roomlog::ReplayCache replay_cache_;
    Effects::PublishMark publish_mark_ = {};
    EventQueue queue_;
    std::vector<std::string> undecided_ids_;  // of refused sends that may be stored; `recover` decides
    // The batch whose effects have given the store the store batch in flight; 0: none is in flight.
    std::uint64_t stored_by_ = 0;
    std::uint64_t last_seq_;
    VisibilityFloors floors_;
    UnixMicros last_time_;  // of the newest accepted event
    RateLimiter rate_;
    bool is_being_deleted_ = false;
    bool is_recovering_ = false;
};

}  // namespace globes::chat
