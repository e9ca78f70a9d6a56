// One room: its record, its people, its sequence and the log of what happens in it. A state machine without I/O: events
// go in, what must be stored comes out, and once it is stored the frames stand in the log. Core thread only.
//
// Events wait in one line. A send waits until it is stored; joins and leaves are not stored, but keep their place
// behind the sends that were accepted before them. At most one batch of a room is on its way to the store: what comes
// meanwhile makes the next one, so that a batch that fails leaves no gap behind it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "base/result.h"
#include "chat/client_event.h"
#include "chat/event_encoder.h"
#include "chat/people.h"
#include "chat/room_record.h"
#include "chat/store.h"
#include "log/tail.h"

namespace globes::chat {

struct RoomLimits {
    std::size_t waiting_bytes = std::size_t{8} << 20;  ///< Events not yet in the log; beyond it `unavailable`.
};

class Room {
public:
    /// A send that is not going to be confirmed.
    struct Refused {
        ConnectionId sender;
        std::string client_id;
    };

    Room(RoomRecord record, std::uint64_t last_seq, std::size_t lanes, RoomLimits limits, const EventEncoder& encoder);

    const RoomRecord& record() const { return record_; }
    void set_record(RoomRecord record) { record_ = std::move(record); }
    People& people() { return people_; }
    const People& people() const { return people_; }
    log::Tail& log() { return log_; }
    /// The newest seq that is known to be stored.
    std::uint64_t last_seq() const { return last_seq_; }

    /// Takes an event of one of the room's connections; one that has gone meanwhile is ignored.
    /// Errors: user_not_found, duplicate_username, client_unauthorized (field name), unavailable.
    Result<void> accept(ConnectionId sender, ClientEvent event, UnixMicros now);
    /// The connection is gone for whatever reason; the leave of a member is announced.
    void depart(ConnectionId connection, UnixMicros now);

    /// True when `submit` has something to give.
    bool can_submit() const { return !in_flight_ && !is_recovering_ && waiting_sends_ > 0; }
    /// Numbers the sends that wait and appends them to `batch`.
    void submit(StoreBatch& batch);
    /// The submitted batch is stored.
    void commit();
    /// The submitted batch is not stored, or it is not known whether it is. Nothing that waits is confirmed. After
    /// `is_known` false the room takes no sends until `recover`.
    std::vector<Refused> fail(bool is_known);
    bool is_recovering() const { return is_recovering_; }
    /// The events after `last_seq` that the store turned out to have.
    void recover(const std::vector<Event>& events);

private:
    struct Waiting {
        Event event;
        ConnectionId sender = 0;
        std::uint64_t hold = 0;  // of the name that a leave frees
        bool submitted = false;
    };

    Result<void> join(Person& person, ClientEvent event, UnixMicros now);
    Result<void> send(Person& person, ClientEvent event, UnixMicros now);
    void leave(Person& person, std::string color, std::string client_id, UnixMicros now);
    Result<void> check_name(const Person& person, const std::string& name) const;
    void enqueue(Waiting waiting);
    void append_ready(bool submitted_is_stored);
    void append(const Event& event);

    RoomRecord record_;
    const RoomLimits limits_;
    const EventEncoder& encoder_;
    People people_;
    log::Tail log_;
    std::deque<Waiting> waiting_;  // oldest first; the submitted sends stand before those that are not
    std::size_t waiting_bytes_ = 0;
    std::size_t waiting_sends_ = 0;  // not submitted
    std::uint64_t last_seq_;
    bool in_flight_ = false;
    bool is_recovering_ = false;
    std::string frame_;  // reused
};

}  // namespace globes::chat
