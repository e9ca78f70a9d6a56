#include "maintenance/store_calls.h"

#include <future>
#include <utility>

namespace globes::maintenance {
namespace {

/// Makes `call(done)` and waits for `done`. The promise is shared, because `set_value` may still be running in the
/// store's thread when the waiter continues.
template <class Answer, class Call>
Answer wait_for(Call call) {
    const auto promise = std::make_shared<std::promise<Answer>>();
    call([promise](Answer answer) { promise->set_value(std::move(answer)); });
    return promise->get_future().get();
}

}  // namespace

chat::CommitOutcome commit(chat::Store& store, chat::StoreBatch batch) {
    return wait_for<chat::CommitOutcome>([&](auto done) { store.append(std::move(batch), std::move(done)); });
}

chat::EventPage read_events(chat::Store& store, chat::EventQuery query) {
    return wait_for<chat::EventPage>([&](auto done) { store.read_events(query, std::move(done)); });
}

chat::SendLookup find_sends(chat::Store& store, std::vector<chat::SendKey> keys) {
    return wait_for<chat::SendLookup>([&](auto done) { store.find_sends(std::move(keys), std::move(done)); });
}

bool ping(chat::Store& store) {
    return wait_for<bool>([&](auto done) { store.ping(std::move(done)); });
}

std::uint64_t count_events(const std::vector<chat::StoredRoom>& rooms) {
    std::uint64_t count = 0;
    for (const chat::StoredRoom& room : rooms) count += room.last_seq + 1 - room.first_seq;
    return count;
}

}  // namespace globes::maintenance
