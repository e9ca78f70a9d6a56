// The events of a room that are accepted and not in the log yet, oldest first, with their counters. Joins and leaves
// are not stored, but wait here for the sends that were accepted before them. Owned by the room. Thread: the core
// thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/keyed_hash.h"
#include "base/ring.h"
#include "chat/event.h"
#include "chat/io_port.h"
#include "chat/store.h"

namespace globes::chat {

struct QueuedEvent {
    enum class Stage : std::uint8_t {
        live,        ///< A join or a leave. Not stored; enters the log at the head of the queue.
        looking_up,  ///< A send with an id: the store is asked whether it has this id.
        ready,       ///< A send that waits for the store batch in flight, or for an earlier lookup.
        storing,     ///< A send in the store batch in flight. Has a seq.
        durable,     ///< A stored send; enters the log at the head of the queue.
    };

    Event event;
    SendKey key = {};  ///< Set for a send with an id.
    ConnectionId sender = 0;
    std::uint64_t hold = 0;  ///< Of the name that a leave frees; 0 for other events.
    /// Of a membership without an event in the log, whose sends may all be repeats; 0 for events of others.
    std::uint64_t arrival = 0;
    Stage stage = Stage::live;
    bool is_known = false;  ///< The id was sent recently, or the store has refused it as stored.
    bool was_looked_up = false;
    std::vector<ConnectionId> repeats = {};  ///< Connections that have sent the same id again.
    std::uint64_t number = 0;                ///< Ascending in the queue; set by it.
};

/// Returns the text that identifies a send with an id in its room.
std::string id_text(const SendKey& key);

class EventQueue {
public:
    using Stage = QueuedEvent::Stage;

    bool empty() const { return events_.empty(); }
    QueuedEvent& front() { return events_.front(); }
    QueuedEvent& back() { return events_.back(); }
    auto begin() { return events_.begin(); }
    auto end() { return events_.end(); }

    std::size_t bytes() const { return bytes_; }
    /// The number of joins and of leaves, without those of members that are not listed.
    std::size_t joins() const { return joins_; }
    std::size_t leaves() const { return leaves_; }
    /// The number of sends that are looking_up or ready.
    std::size_t unstored() const { return unstored_; }
    /// The number of sends that are storing.
    std::size_t storing() const { return storing_; }

    /// Returns the queued send with this id, or null: then the id is claimed for the send that is pushed next. `id`: as
    /// `id_text(key)`. Valid until the queue changes.
    QueuedEvent* find_or_claim(const SendKey& key, std::string id);
    QueuedEvent& push(QueuedEvent event);
    /// Removes the head and returns it.
    QueuedEvent pop();
    void set_stage(QueuedEvent& event, Stage stage);
    void add_repeat(QueuedEvent& event, ConnectionId connection);
    /// Counts the leave of this member, if it is queued and does not count yet; returns whether it was.
    bool count_leave(std::uint64_t arrival);
    /// Removes the events that match. `matches` may change the stage of its event. If it throws, its event is removed,
    /// and the rest is kept.
    template <class Matches>
    void remove_if(Matches matches) {
        try {
            events_.remove_if([&](QueuedEvent& event) {
                if (!matches(event)) return false;
                forget(event);
                return true;
            });
        } catch (...) {
            count_again();
            throw;
        }
    }

private:
    void note(const QueuedEvent& event);
    void forget(const QueuedEvent& event);
    void count_again();
    std::size_t* counter_of(Stage stage);

    Ring<QueuedEvent> events_;  // sends that are storing come before looking_up and ready ones
    std::uint64_t next_number_ = 1;
    // The numbers of the sends with an id; after an exception, also ids of sends that are gone.
    std::unordered_map<std::string, std::uint64_t, KeyedHash> ids_;
    std::size_t bytes_ = 0;
    std::size_t joins_ = 0;
    std::size_t leaves_ = 0;
    std::size_t unstored_ = 0;
    std::size_t storing_ = 0;
};

}  // namespace globes::chat
