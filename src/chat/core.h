// The single writer: one thread owns every room, its participants and its sequence, so the domain needs no lock. It
// takes commands in batches (core_thread.h); rooms turn commands into effects (effects.h), and the end of the batch
// carries them out: to the store what must be kept, to the I/O threads what was stored. All calls are made on the core
// thread and none blocks; a test drives the core without a socket or a thread.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/mailbox.h"
#include "chat/catch_up.h"
#include "chat/core_store.h"
#include "chat/directory.h"
#include "chat/effects.h"
#include "chat/event.h"
#include "chat/frame_history.h"
#include "chat/io_port.h"
#include "chat/purger.h"
#include "chat/room_admin.h"
#include "chat/room_record.h"
#include "chat/store.h"

namespace globes::chat {

/// What the core needs from outside; all of it outlives the core.
struct CorePorts {
    Store& store;
    const Clock& clock;
    const EventEncoder& encoder;
    std::vector<IoPort*> io_threads;
    /// Brings a task back to the core thread, from any thread.
    std::function<void(Task)> post;
};

struct CoreSettings {
    RoomLimits room = {};
    roomlog::ReplayCacheBudget replay_cache = {};
    FrameHistoryLimits history = {};
    RetentionLimits retention = {};  ///< Of rooms that have no limits of their own.
};

class Core {
public:
    Core(CorePorts ports, CoreSettings settings);

    /// Takes over what the store had at start; creates Public Chat if it is missing. Before any other call.
    void load(StoredRooms stored);

    // --- rooms ---

    /// Null if the room does not exist. For reading only, until the next command.
    const Room* find(const RoomKey& key) const { return directory_.find(key); }
    /// Without users, only their number.
    std::vector<RoomView> list(RoomId after, std::size_t limit) const;
    RoomAdmin& admin() { return admin_; }
    Purger& purger() { return purger_; }
    CatchUp& catch_up() { return catch_up_; }

    // --- connections ---

    struct Entered {
        RoomId room = 0;
        roomlog::Position from = 0;                  ///< The live log begins here.
        std::uint64_t first_seq = 1;                 ///< The oldest event that can be read.
        std::uint64_t last_seq = 0;                  ///< The newest.
        std::optional<UnixMicros> newest_time = {};  ///< Of the newest event; absent if it is not known.
        // For clients that resume, as in RoomView.
        std::vector<RoomUser> users = {};
        std::size_t online = 0;
    };
    /// `token_epoch`: of the record that the connection's token was checked against. A client that resumes and is a
    /// member of the room by another connection takes its place, and the other connection ends. Errors: room_not_found,
    /// invalid_token (field token: the room has changed since).
    Result<Entered> enter(RoomId room, std::uint64_t token_epoch, Entry entry);
    /// An event of a connection; a refusal goes back through the port of `io_thread`.
    void handle(RoomId room, unsigned io_thread, ConnectionId connection, ClientEvent event);
    void depart(RoomId room, ConnectionId connection);

    // --- the batch ---

    /// Carries out the effects of the commands since the last call.
    void end_batch();
    /// As of the last batch. Any thread.
    const CoreCounts& counts() const { return counts_; }
    /// From now on sends and changes of rooms are refused; `idle` is called when the store owes no answer any more.
    void drain(Task idle);

private:
    struct Carrier;

    void append(std::vector<Event> events);
    void on_appended(RoomId room, const BatchOutcome& outcome);
    void look_up(std::vector<SendKey> keys);
    void recover(RoomId room);
    void create_public_chat();
    void update_counts();

    const CorePorts ports_;
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
    std::unordered_set<RoomId> recovering_;  // a read of what was committed is under way
    bool has_public_chat_ = true;            // the store
    bool is_draining_ = false;
    Task idle_;
};

}  // namespace globes::chat
