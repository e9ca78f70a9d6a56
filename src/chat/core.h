// The single writer: one thread owns every room, its people and its sequence, so the domain needs no lock. It takes
// commands in batches (core_thread.h), hands what must be kept to the store, and publishes what was committed to the
// io_threads. All calls are made on the core thread and none blocks; a test drives it without a socket or a thread.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/clock.h"
#include "base/mailbox.h"
#include "base/result.h"
#include "chat/client_event.h"
#include "chat/core_counts.h"
#include "chat/directory.h"
#include "chat/frame_history.h"
#include "chat/io_port.h"
#include "chat/room_view.h"
#include "chat/store.h"

namespace globes::chat {

/// What the core needs from outside; all of it outlives the core.
struct CorePorts {
    Store& store;
    const Clock& clock;
    const EventEncoder& encoder;
    std::vector<IoPort*> io_threads;  ///< One for each I/O thread.
    /// Brings a task back to the core thread, from any thread.
    std::function<void(Task)> post;
};

/// How long events are kept in rooms that don't say so themselves; 0: for ever.
struct Retention {
    std::uint64_t seconds = 0;
    std::uint64_t events = 0;
};

struct CoreSettings {
    RoomLimits room = {};
    roomlog::ReplayCacheBudget replay_cache = {};
    FrameHistoryLimits history = {};
    Retention retention = {};
};

class Core {
public:
    using RoomReply = std::move_only_function<void(Result<RoomView>)>;
    using Reply = std::move_only_function<void(Result<void>)>;

    Core(CorePorts ports, CoreSettings settings);

    /// Takes over what the store had at start; one that has no Public Chat gets it. Before any other call.
    void load(StoredRooms stored);

    // --- rooms ---

    /// Null where there is none. For reading only, until the next command.
    const Room* find(const RoomKey& key) const { return directory_.find(key); }
    RoomView view(const Room& room) const;
    /// Without users, only their number.
    std::vector<RoomView> list(RoomId after, std::size_t limit) const;

    /// `record` is checked (room_rules.h) and hashed; id and times are given here. Replies once the store has it.
    /// Errors: duplicate_room (field title), unavailable.
    void create_room(RoomRecord record, RoomReply reply);

    /// Replaces the room's record by `next`, which was made from `base`; changes of one room go one after the other.
    /// Where the room is not `base` any more nothing is done: the reply is `changed_meanwhile`, and the caller makes
    /// its change again from the newer record. Where room tokens end, so do the connections that came by them. Errors:
    /// room_not_found, duplicate_room (field title), unavailable.
    void update_room(const RoomRecord& base, RoomRecord next, std::move_only_function<void()> changed_meanwhile,
                     RoomReply reply);

    /// Deletes the room and its events, if it still is `base`; otherwise as `update_room`.
    void delete_room(const RoomRecord& base, std::move_only_function<void()> changed_meanwhile, Reply reply);

    // --- people ---

    struct Entered {
        RoomId room = 0;
        roomlog::Position from = 0;                  ///< Live begins here.
        std::uint64_t first_seq = 1;                 ///< The oldest event that can be read.
        std::uint64_t last_seq = 0;                  ///< The newest.
        std::optional<UnixMicros> newest_time = {};  ///< Of the newest event; absent if it is not known.
        std::vector<RoomUser> users = {};            ///< For those who resume.
    };
    /// `token_epoch`: of the record that the connection's token was checked against. One who resumes and is a member of
    /// the room by another connection takes its place, and the other one ends. Errors: room_not_found, invalid_token
    /// (field token: the room has changed since).
    Result<Entered> enter(RoomId room, std::uint64_t token_epoch, Entry entry);

    /// The last event that a client has seen. The time tells histories apart that give one seq to different events: a
    /// backup was restored, or the newest events were lost.
    struct LastSeen {
        std::uint64_t seq = 0;
        UnixMicros time = 0;
    };
    enum class SeenCheck : std::uint8_t {
        matches,     ///< The event is kept; or it is not kept any more (or there is no such room): nothing to compare.
        differs,     ///< Another event has that seq, or no event has it yet.
        unreadable,  ///< The store cannot be read now.
    };
    /// Compares `seen` with what is kept. `done` may be called at once: the newest events are in memory.
    void check_last_seen(RoomId room, const LastSeen& seen, std::move_only_function<void(SeenCheck)> done);

    /// One who resumes and has caught up to `after`. `until` and `from`: the newest event and the log's end when it
    /// entered.
    struct Reader {
        RoomId room = 0;
        std::uint64_t after = 0;
        std::uint64_t until = 0;
        roomlog::Position from = 0;
    };
    /// A step of it.
    struct CatchUp {
        bool is_ok = false;                       ///< False: the store can't be read now, or the room is gone.
        std::vector<roomlog::Slice> frames = {};  ///< The next ones, in order.
        std::uint64_t after = 0;                  ///< Where the next step begins.
        std::optional<roomlog::Position> live =
            {};  ///< Set with the last step: the reader goes on in the log from there.
    };
    /// Gives every durable event once, and what is live only from `from` on, for as long as the log reaches back there.
    void catch_up(const Reader& reader, std::move_only_function<void(CatchUp)> reply);

    /// Looks up what has expired by time, so that `readable` and `enter` are exact to the second now. `done` may be
    /// called at once.
    void look_for_expired(RoomId room, Task done);

    /// What of a room's events readers get to see: those from `first_seq` to `last_seq`, as far as they have not
    /// expired since the last look.
    struct Readable {
        std::uint64_t first_seq = 1;
        std::uint64_t last_seq = 0;
        Expiry expiry = {};

        bool shows(std::uint64_t seq, UnixMicros time) const {
            return seq >= first_seq && !(expiry.is_on() && expiry.is_proof(time));
        }
    };
    Readable readable(const Room& room) const;

    /// An event of a connection; what is wrong with it goes back through its io_thread.
    void handle(RoomId room, unsigned io_thread, ConnectionId connection, ClientEvent event);
    void depart(RoomId room, ConnectionId connection);

    /// Removes what has expired from the store, a little at each call. To be called every few seconds.
    void purge();

    // --- the batch ---

    /// Hands what the commands since the last call have gathered to the store and to the io_threads.
    void end_batch();
    /// As of the last batch. Any thread.
    const CoreCounts& counts() const { return counts_; }
    /// From now on sends are refused; `idle` is called when nothing is on its way to the store any more.
    void drain(Task idle);

private:
    void on_committed(std::span<const RoomId> rooms, const BatchOutcome& outcome);
    void recover(RoomId room);
    void look_up(std::vector<SendKey> keys);
    void answer_senders(Room& room);
    void purge_step(RoomId room);
    void apply_update(RoomRecord next);
    void end_connections(Room& room, Ending ending, const std::function<bool(const Participant&)>& ends);
    void touch(const Room& room) { touched_.insert(room.record().id); }
    bool is_being_deleted(RoomId room) const;
    void store_room(StoreWrite write, RoomId room, std::move_only_function<void(bool)> done);
    void publish(Room& room);
    void count_outcome(const BatchOutcome& outcome);
    void update_counts();

    /// A change of a room's record that is on its way to the store, and what has to wait for it.
    struct Change {
        bool is_deletion;
        std::vector<Task> put_off;
    };

    void note_stored(Room& room);
    void catch_up_from_first(const Reader& reader, std::move_only_function<void(CatchUp)> reply);

    const CorePorts ports_;
    ExpiryClock expiry_clock_;
    const Retention retention_;
    Room::Shared shared_;
    FrameHistory history_;
    Directory directory_;
    std::unordered_map<RoomId, Change> changing_;
    std::unordered_set<RoomId> touched_;     // in this batch: may have something to store or to publish
    RoomId purge_from_ = 0;                  // where the next `purge` begins
    std::unordered_set<RoomId> purging_;     // a purge is on its way to the store
    std::unordered_set<RoomId> recovering_;  // a read of what was committed is under way
    std::size_t in_flight_ = 0;              // answers that the store owes
    bool has_public_chat_ = true;            // the store
    bool is_draining_ = false;
    Task idle_;
    CoreCounts counts_;
};

}  // namespace globes::chat
