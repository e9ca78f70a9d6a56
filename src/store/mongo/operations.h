// A batch taken apart: one step for each thing that the server is asked to do. The planner makes them, the committer
// hands them to the writers, and both look at what became of them under the lock of their SharedState.
//
// Checks batches against the port's rules before anything is sent, and takes them apart into steps: a batch that breaks
// a rule is found out while it is still nothing but memory. Plans one group after the other. Committer thread only.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "chat/store.h"
#include "store/mongo/catalogue.h"

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

/// What a room will be when a batch is there; nothing: deleted.
struct RoomChange {
    chat::RoomId room;
    std::optional<RoomState> after;
};

struct BatchOperations {
    std::vector<Operation> operations;
    std::vector<RoomChange> changes;    ///< One for each room that it changes.
    std::vector<chat::RoomId> refused;  ///< Rooms of it in which nothing is done.
};

class OperationBuilder {
public:
    explicit OperationBuilder(const CommittedCatalogue& catalogue) : catalogue_(catalogue) {}

    /// Forgets the group before: from here on the book alone counts.
    void begin_group();
    /// Plans `batch` behind those that were planned before it; nothing where it breaks a rule. Refused are the rooms
    /// that are not free.
    std::optional<BatchOperations> plan(const chat::StoreBatch& batch, std::size_t number,
                                        const std::function<bool(chat::RoomId)>& is_free);

private:
    struct SentId {
        std::uint64_t incarnation;
        std::uint64_t seq;
    };
    using SentIds = std::unordered_map<std::string, SentId>;

    bool write(const chat::PutRoom& put);
    bool write(const chat::DeleteRoom& deletion);
    bool write(const chat::AppendEvent& append);
    bool write(const chat::PurgeEvents& purge);
    /// Null where the room is not there. Of this batch, of the group, or of the book.
    const RoomState* find(chat::RoomId room) const;
    void set(chat::RoomId room, std::optional<RoomState> state) { touched_.insert_or_assign(room, std::move(state)); }
    bool is_taken(const SentIds& ids, const std::string& key, const RoomState& room) const;
    template <class What>
    void add_operation(chat::RoomId room, What what);

    const CommittedCatalogue& catalogue_;
    std::uint64_t next_incarnation_ = 1;

    // Of the group.
    std::unordered_map<chat::RoomId, std::optional<RoomState>> planned_;
    SentIds sent_ids_;

    // Of the batch being planned.
    std::size_t number_ = 0;
    std::vector<Operation> operations_;
    std::unordered_map<chat::RoomId, std::optional<RoomState>> touched_;
    SentIds new_ids_;
};

}  // namespace globes::store::mongo
