// A batch taken apart: one step for each thing that the server is asked to do. The planner makes them, the committer
// hands them to the writers, and both look at what became of them under the lock of their SharedState.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

#include "chat/store.h"

namespace globes::store::mongo {

struct InsertEvent {
    const chat::Event* event;  ///< Of the batch, which stays where it is until the steps are over.
    std::uint64_t purged_seq;  ///< Of the room when its turn comes.
};
struct PutRoomDocument {
    std::shared_ptr<const chat::RoomRecord> record;
    std::shared_ptr<const chat::RoomRecord> before;  ///< Null: the room is new.
    std::uint64_t version;
    std::uint64_t purged_seq;
};
struct DeleteRoomDocument {
    std::shared_ptr<const chat::RoomRecord> before;
    std::uint64_t version;
    std::uint64_t purged_seq;
};
struct MarkPurged {
    std::uint64_t through_seq;
};

enum class OperationState : std::uint8_t {
    waiting,    ///< Has its turn, or another turn, to come.
    in_call,    ///< The driver is at it.
    done,       ///< A majority has it.
    refused,    ///< Broke a rule that only the server could know; it is not there.
    cancelled,  ///< Not there, and never will be.
    left,       ///< Given up; it may be there or not.
};

struct Operation {
    chat::RoomId room;
    std::size_t batch;  ///< Of the group, counted from 0.
    std::variant<InsertEvent, PutRoomDocument, DeleteRoomDocument, MarkPurged> what;
    OperationState state = OperationState::waiting;
    bool may_be_there = false;     ///< An earlier call broke off; it has to be brought to an end.
    bool is_rolling_back = false;  ///< Set the room's document back to what it was instead.

    bool is_over() const { return state >= OperationState::done; }
    /// Nobody can say that it isn't there.
    bool may_exist() const { return state == OperationState::done || state == OperationState::in_call || may_be_there; }
    /// Nobody has to say whether it is there: it isn't.
    bool is_absent() const { return state == OperationState::refused || state == OperationState::cancelled; }
};

/// A batch ended early in a room, because an event repeats an id that is stored.
struct Repeat {
    std::size_t batch;          ///< Of the group.
    std::uint64_t seq;          ///< Of the event that repeats it.
    std::uint64_t stored_last;  ///< The last of those before it, which are there; 0: there is none.
};

/// One writer's share of a group.
struct Job {
    std::vector<Operation> operations;
    /// Rooms that turned out to hold events of another process, and the newest of those.
    std::unordered_map<chat::RoomId, std::uint64_t> foreign_writes;
    std::unordered_multimap<chat::RoomId, Repeat> repeats;
    bool is_over = true;
};

/// What the committer and the writers share.
struct SharedState {
    std::mutex mutex;
    std::condition_variable changed;
    bool is_stopped = false;  ///< Nobody begins anything any more; what is under way is left as it is.

    /// One line when the server fails, one when it is back. Under the mutex.
    void note_failure(std::string_view cause);
    void note_success();

private:
    bool is_failing_ = false;
};

}  // namespace globes::store::mongo
