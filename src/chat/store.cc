#include "chat/store.h"

namespace globes::chat {
namespace {

std::size_t text_bytes(const PutRoom& put) {
    return put.room.title.size() + put.room.description.size() + put.room.password_hash.size();
}

std::size_t text_bytes(const DeleteRoom&) { return 0; }

std::size_t text_bytes(const PurgeEvents&) { return 0; }

std::size_t text_bytes(const AppendEvent& append) {
    const Event& event = append.event;
    return event.name.size() + event.color.size() + event.text.size() + event.client_id.size();
}

}  // namespace

std::size_t queued_bytes(const StoreBatch& batch) {
    std::size_t bytes = sizeof(StoreBatch) + batch.size() * sizeof(StoreWrite);
    for (const StoreWrite& write : batch) bytes += std::visit([](const auto& one) { return text_bytes(one); }, write);
    return bytes;
}

}  // namespace globes::chat
