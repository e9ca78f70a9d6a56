// What the commands of one batch ask of the store and of the I/O threads, in order. Rooms add effects, the core carries
// them out at the end of the batch (core.cc). Owned by the core, core thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "chat/event.h"
#include "chat/io_port.h"
#include "chat/store.h"
#include "roomlog/slice.h"

namespace globes::chat {

/// Ask the store whether an event with this id is stored; the answer goes to `Room::resolve`.
struct LookUp {
    SendKey key;
};
/// Store the event. The room gets one answer for all of its events in the batch: `Room::commit`, `commit_before` or
/// `fail`.
struct Append {
    Event event;
};
/// Read which events of the room turned out to be stored; the answer goes to `Room::recover`.
struct Recover {
    RoomId room;
};
/// Store a change of a room's record, after the events of the batch; `done(is_stored)` is called on the core thread.
struct WriteRoom {
    StoreWrite write;
    std::move_only_function<void(bool)> done;
};
/// Bytes that were appended to the room's log, for the I/O threads that had participants of the room then.
struct Publish {
    RoomId room;
    roomlog::Slice slice;
    IoThreadSet io_threads;
};
/// A send with an id of a connection that speaks globes.v1 is stored.
struct Acknowledge {
    unsigned io_thread;
    ConnectionId connection;
    std::string client_id;
    std::uint64_t seq;
    bool is_duplicate;
};
/// The event of a connection is not carried out.
struct Refuse {
    unsigned io_thread;
    ConnectionId connection;
    RoomId room;
    EventRefusal refusal;
};
/// Complete frames for one connection alone.
struct SendFrames {
    unsigned io_thread;
    ConnectionId connection;
    std::string frames;
};
struct EndConnection {
    unsigned io_thread;
    ConnectionId connection;
    Ending ending;
};
using Effect =
    std::variant<LookUp, Append, Recover, WriteRoom, Publish, Acknowledge, Refuse, SendFrames, EndConnection>;

class Effects {
public:
    /// Where the newest `Publish` of a room stands. Each room keeps one.
    struct PublishMark {
        std::uint64_t batch = 0;
        std::size_t index = 0;
    };

    /// The number of the batch that collects effects now: 1, 2, 3 …
    std::uint64_t batch() const { return batch_; }

    template <class Kind>
    void add(Kind effect) {
        effects_.emplace_back(std::in_place_type<Kind>, std::move(effect));
    }

    /// Adds a `Publish`, or extends that of `mark` if its slice continues that one, so that a busy room makes few
    /// effects.
    void publish(Publish publish, PublishMark& mark) {
        if (mark.batch == batch_) {
            auto& last = std::get<Publish>(effects_[mark.index]);
            if (last.slice.block == publish.slice.block && last.slice.end() == publish.slice.begin) {
                last.slice.size += publish.slice.size;
                last.io_threads |= publish.io_threads;
                return;
            }
        }
        mark = {.batch = batch_, .index = effects_.size()};
        add(std::move(publish));
    }

    /// Of the batch, so far.
    const std::vector<Effect>& list() const { return effects_; }

    /// Ends the batch: returns its effects in the order in which they were added, and begins the next one.
    std::vector<Effect> take() {
        ++batch_;
        return std::exchange(effects_, {});
    }

private:
    std::uint64_t batch_ = 1;
    std::vector<Effect> effects_;
};

}  // namespace globes::chat
