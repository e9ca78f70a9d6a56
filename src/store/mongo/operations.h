// A batch as a list of operations, one for each document that is written. Owned by the group (commit_group.h): the
// committer's thread builds operations, a writer's thread carries them out, and both read their states under the mutex
// of the shared state. The builder checks a batch against the rules of chat::Store before anything is sent.
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

#include "base/keyed_hash.h"
#include "chat/store.h"
#include "store/mongo/catalogue.h"

namespace globes::store::mongo {

struct InsertEvent {
    const chat::Event* event;  ///< In the batch, which outlives the operation.
    std::uint64_t purged_seq;  ///< Of the room when the operation is carried out.
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
    waiting,    ///< To be sent, or sent again.
    in_call,    ///< A call of the driver is running.
    done,       ///< A majority has stored it.
    refused,    ///< The server refused it; it is not stored.
    cancelled,  ///< Not stored, and never will be.
    left,       ///< Abandoned with an unknown outcome.
};

struct Operation {
    chat::RoomId room;
    std::size_t batch;  ///< Index of the batch in its group.
    std::variant<InsertEvent, PutRoomDocument, DeleteRoomDocument, MarkPurged> what;
    OperationState state = OperationState::waiting;
    bool may_be_there = false;     ///< The outcome of an earlier call is unknown and must be resolved.
    bool is_rolling_back = false;  ///< Restore the room's document instead.

    bool is_over() const { return state >= OperationState::done; }
    /// Stored, or possibly stored.
    bool may_exist() const { return state == OperationState::done || state == OperationState::in_call || may_be_there; }
    /// Certainly not stored.
    bool is_absent() const { return state == OperationState::refused || state == OperationState::cancelled; }
};

/// The state of a room after a batch; empty if the batch deletes it.
struct RoomChange {
    chat::RoomId room;
    std::optional<RoomState> after;
};

struct BatchOperations {
    std::vector<Operation> operations;
    std::vector<RoomChange> changes;    ///< One for each changed room.
    std::vector<chat::RoomId> refused;  ///< Rooms of the batch that are not written.
};

class OperationBuilder {
public:
    explicit OperationBuilder(const CommittedCatalogue& catalogue) : catalogue_(catalogue) {}

    /// Forgets the planned state of the previous group; the catalogue has it now.
    void begin_group();
    /// Builds the operations of `batch`, after those of the earlier batches of the group. Rooms that are not free are
    /// refused. Empty if the batch breaks a rule of chat::Store.
    std::optional<BatchOperations> plan(const chat::StoreBatch& batch, std::size_t number,
                                        const std::function<bool(chat::RoomId)>& is_free);

private:
    struct SentId {
        std::uint64_t incarnation;
        std::uint64_t seq;
    };
    using SentIds = std::unordered_map<std::string, SentId, KeyedHash>;

    bool write(const chat::PutRoom& put);
    bool write(const chat::DeleteRoom& deletion);
    bool write(const chat::AppendEvent& append);
    bool write(const chat::PurgeEvents& purge);
    /// The state of the room after the earlier writes of this batch and of the group. Null if the room does not exist.
    const RoomState* find(chat::RoomId room) const;
    void set(chat::RoomId room, std::optional<RoomState> state) { touched_.insert_or_assign(room, std::move(state)); }
    bool is_taken(const SentIds& ids, const std::string& key, const RoomState& room) const;
    template <class What>
    void add_operation(chat::RoomId room, What what);

    const CommittedCatalogue& catalogue_;
    std::uint64_t next_incarnation_ = 1;

    // Per group.
    std::unordered_map<chat::RoomId, std::optional<RoomState>, KeyedHash> planned_;
    SentIds sent_ids_;

    // Per batch.
    std::size_t number_ = 0;
    std::vector<Operation> operations_;
    std::unordered_map<chat::RoomId, std::optional<RoomState>, KeyedHash> touched_;
    SentIds new_ids_;
};

}  // namespace globes::store::mongo
