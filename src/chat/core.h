// The single writer: one thread owns all rooms, their participants and their seqs, so the domain needs no lock. The
// core runs commands in batches (core_thread.h). Rooms turn commands into effects (effects.h), and the end of the batch
// carries them out: new events go to the store, stored events go to the I/O threads. No call blocks. Tests drive the
// core without a socket or a thread.
//
// Owned by the server. Thread: the core thread, unless a function says otherwise.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_set>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/keyed_hash.h"
#include "base/mailbox.h"
#include "base/thread_owner.h"
#include "chat/catch_up.h"
#include "chat/core_store.h"
#include "chat/directory.h"
#include "chat/effects.h"
#include "chat/event.h"
#include "chat/frame_history.h"
#include "chat/io_port.h"
#include "chat/pending_answer.h"
#include "chat/purger.h"
#include "chat/room_admin.h"
#include "chat/room_record.h"
#include "chat/store.h"

namespace globes::chat {

/// The dependencies of the core. They MUST outlive it.
struct CorePorts {
    Store& store;
    const Clock& clock;
    const EventEncoder& encoder;
    std::vector<IoPort*> io_threads;
    CorePost post;
};

struct CoreSettings {
    RoomLimits room = {};
    roomlog::ReplayCacheBudget replay_cache = {};
    FrameHistoryLimits history = {};
    RetentionLimits retention = {};  ///< For limits that a room does not set.
    std::size_t max_rooms = 0;       ///< No room is created beyond this number; 0: unlimited.
};

class Core {
public:
    Core(CorePorts ports, const CoreSettings& settings);

    /// Adds the rooms that the store has at start, and creates Public Chat if it does not exist. Called at start,
    /// before any other call.
    void load(StoredRooms stored);

    // --- rooms ---

    /// Returns null if the room does not exist. Valid until the next command.
    const Room* find(const RoomKey& key) const {
        GLOBES_ASSERT_ON(thread_);
        return directory_.find(key);
    }
    /// Returns a snapshot of a room; nullopt if it does not exist. It has users only if the room is public, or if
    /// `verified` is its token_epoch: that of the record against which a token of the client was verified.
    std::optional<RoomView> view(const RoomKey& key, std::optional<std::uint64_t> verified) const;
    /// Returns at most `limit` rooms that are not hidden and have an id above `after`, in ascending order. Without
    /// users.
    std::vector<RoomView> list(RoomId after, std::size_t limit) const;
    RoomAdmin& admin() {
        GLOBES_ASSERT_ON(thread_);
        return admin_;
    }
    Purger& purger() {
        GLOBES_ASSERT_ON(thread_);
        return purger_;
    }
    CatchUp& catch_up() {
        GLOBES_ASSERT_ON(thread_);
        return catch_up_;
    }

    // --- connections ---

    struct Entered {
        RoomId room = 0;
        roomlog::Position from = 0;                  ///< The end of the room log, where its cursor starts.
        std::uint64_t first_seq = 1;                 ///< The oldest visible event; last_seq + 1 if no event is visible.
        std::uint64_t last_seq = 0;                  ///< The newest event.
        std::optional<UnixMicros> newest_time = {};  ///< Of the newest event; absent if unknown.
        // As in RoomView; set only for a client that resumes.
        std::vector<RoomUser> users = {};
        std::size_t online = 0;
    };
    /// Adds a connection to a room. If its client resumes and is already a member on another connection, the new
    /// connection takes over the membership, and the other one ends with Ending::replaced.
    /// `verified`: of the record that the connection's token was verified against.
    /// Errors: room_not_found; invalid_token (field token) if the room's tokens, or an owner's token of the entry, were
    /// invalidated since.
    Result<Entered> enter(RoomId room, TokenEpochs verified, const Entry& entry);
    /// Handles an event of a connection; ignored if the room does not exist. A refusal is sent through the port of
    /// `io_thread`.
    void handle(RoomId room, unsigned io_thread, ConnectionId connection, ClientEvent event);
    /// Removes a connection from its room; ignored if it is not there. The leave of a member is announced.
    void depart(RoomId room, ConnectionId connection);

    /// Runs `task` on an I/O thread, after the effects of what has happened so far and before those of what follows.
    void reply(unsigned io_thread, Task task) {
        GLOBES_ASSERT_ON(thread_);
        effects_.add(Reply{io_thread, std::move(task)});
    }

    // --- the batch ---

    /// Carries out the effects of the commands since the last call.
    void end_batch();
    /// The core thread, for the assertions of the I/O ports. Thread: any.
    const ThreadOwner& thread() const { return thread_; }
    /// The counters at the end of the last batch. Thread: any.
    const CoreCounts& counts() const { return counts_; }
    /// While the disk is low, sends, new rooms and changes of rooms are refused. Deletions and purges, which free
    /// space, are not.
    void set_disk_low(bool is_low) {
        GLOBES_ASSERT_ON(thread_);
        shared_.is_disk_low = is_low;
    }
    /// Refuses sends and changes of rooms from now on. Calls `idle` once, at the end of the first batch after which no
    /// request to the store is unanswered.
    void drain(Task idle);

private:
    struct EffectRunner;

    void append(std::vector<Event> events);
    void on_appended(RoomId room, const BatchOutcome& outcome);
    void abandon_batch(std::uint64_t batch);
    void put(WriteRoom write);
    void look_up(std::vector<SendKey>& asked);
    void resolve(std::span<const SendKey> keys, std::span<const std::optional<Event>> found);
    void recover(RoomId room);
    void create_public_chat();
    void wake_up();
    void update_counts();

    [[no_unique_address]] ThreadOwner thread_;
    const CorePorts ports_;
    const std::shared_ptr<const CorePost> post_;
    ExpiryClock expiry_clock_;
    CoreCounts counts_;
    CoreStore store_;
    Room::Shared shared_;
    FrameHistory history_;
    Directory directory_;
    Effects effects_;
    Purger purger_;
    RoomAdmin admin_;
    CatchUp catch_up_;
    std::unordered_set<RoomId, KeyedHash> recovering_;  // rooms with a read for `Room::recover` in flight
    bool has_public_chat_ = true;                       // whether the store has Public Chat
    bool is_draining_ = false;
    Task idle_;
};

}  // namespace globes::chat
