// Checks batches against the port's rules before anything is sent, and takes them apart into steps: a batch that breaks
// a rule is found out while it is still nothing but memory. Plans one group after the other. Committer thread only.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "store/mongo/room_book.h"
#include "store/mongo/step.h"

namespace globes::store::mongo {

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
