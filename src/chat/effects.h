// The effects of one batch of commands: requests to the store and to the I/O threads, in order. Rooms add effects, and
// the core carries them out at the end of the batch (core.cc). Owned by the core. Thread: the core thread.
#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "base/mailbox.h"
#include "chat/event.h"
#include "chat/io_port.h"
#include "chat/store.h"
#include "roomlog/slice.h"

namespace globes::chat {

/// Asks the store whether a send with this key is stored. The answer goes to `Room::resolve`.
struct LookUp {
    SendKey key;
};
/// Stores an event. The room gets one answer for all its events of the batch: `Room::commit`, `commit_before` or
/// `fail`.
struct Append {
    Event event;
};
/// Reads the events that are stored after an unknown outcome. The answer goes to `Room::recover`.
struct Recover {
    RoomId room;
};
/// Stores a change or the deletion of a room, after the events of the batch. Then calls `done(is_stored)` on the core
/// thread.
struct WriteRoom {
    StoreWrite write;
    std::move_only_function<void(bool)> done;
};
/// Publishes a slice of the room log to the I/O threads that had participants of the room when it was appended.
struct Publish {
    RoomId room;
    roomlog::Slice slice;
    IoThreadSet io_threads;
};
/// Confirms a stored send with a client id to a connection that speaks globes.v1.
struct Acknowledge {
    unsigned io_thread;
    ConnectionId connection;
    std::string client_id;
    std::uint64_t seq;
    bool is_duplicate;
};
/// Tells a connection that its event is refused.
struct Refuse {
    unsigned io_thread;
    ConnectionId connection;
    RoomId room;
    EventRefusal refusal;
};
/// Sends complete frames to one connection alone.
struct SendFrames {
    unsigned io_thread;
    ConnectionId connection;
    std::string frames;
};
/// Ends a connection.
struct EndConnection {
    unsigned io_thread;
    ConnectionId connection;
    Ending ending;
};
/// Gives an I/O thread the answer to a question: a task that runs there. As an effect, so that it arrives after what
/// happened before it in the room, and before what happened later.
struct Reply {
    unsigned io_thread;
    Task task;
};
using Effect =
    std::variant<LookUp, Append, Recover, WriteRoom, Publish, Acknowledge, Refuse, SendFrames, EndConnection, Reply>;

class Effects {
public:
    /// The place of the newest `Publish` of a room. Each room owns one.
    struct PublishMark {
        std::uint64_t batch = 0;
        std::size_t index = 0;
    };

    /// The number of the batch that collects effects now: 1, 2, 3 …
    std::uint64_t batch() const { return batch_; }

    template <class Kind>
    void add(Kind effect) {
        effects_.emplace_back(std::in_place_type<Kind>, std::move(effect));
        // A connection that enters with this reply reads from the end of the log as it is now, and one that ends here
        // receives no later frame.
        if constexpr (std::is_same_v<Kind, Reply> || std::is_same_v<Kind, EndConnection>)
            extendable_from_ = effects_.size();
    }

    /// Adds a `Publish`, or extends the one at `mark` if the new slice follows its slice, so that a busy room makes few
    /// effects. The extended one is published at its old place in the order, so none before a `Reply` or an
    /// `EndConnection` is extended.
    void publish(Publish publish, PublishMark& mark) {
        assert(mark.batch <= batch_);
        if (mark.batch == batch_ && mark.index >= extendable_from_) {
            assert(mark.index < effects_.size());
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

    /// Makes room for one effect: the next `add` or `publish` does not throw for lack of memory.
    void reserve_one() {
        if (effects_.size() == effects_.capacity()) effects_.reserve(2 * effects_.size() + 1);
    }
    /// Removes the events that the current batch gives to the store for a room.
    void drop_appends(RoomId room) {
        extendable_from_ = effects_.size();  // the marks of all rooms lose their meaning
        std::erase_if(effects_, [room](const Effect& effect) {
            const auto* append = std::get_if<Append>(&effect);
            return append != nullptr && append->event.room == room;
        });
    }

    /// The effects of the current batch so far.
    const std::vector<Effect>& list() const { return effects_; }

    /// Ends the batch: returns its effects in the order in which they were added, and starts the next batch.
    std::vector<Effect> take() {
        ++batch_;
        extendable_from_ = 0;
        return std::exchange(effects_, {});
    }

private:
    std::uint64_t batch_ = 1;
    std::vector<Effect> effects_;
    std::size_t extendable_from_ = 0;  // the index of the first `Publish` that may be extended
};

}  // namespace globes::chat
