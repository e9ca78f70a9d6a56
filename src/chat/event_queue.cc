#include "chat/event_queue.h"

#include <algorithm>
#include <cassert>

namespace globes::chat {
namespace {

/// Returns how many bytes a queued event counts. The name and the id of a send with an id are held twice.
std::size_t size_of(const QueuedEvent& queued) {
    const Event& event = queued.event;
    return sizeof event + 2 * (event.name.size() + event.client_id.size()) + event.color.size() + event.text.size() +
           queued.repeats.size() * sizeof(ConnectionId);
}

bool is_counted(const QueuedEvent& queued, EventKind kind) { return queued.event.kind == kind && queued.arrival == 0; }

}  // namespace

std::string id_text(const SendKey& key) { return key.folded_name + '\0' + key.client_id; }

QueuedEvent* EventQueue::find_or_claim(const SendKey& key, std::string id) {
    const auto [entry, is_new] = ids_.try_emplace(std::move(id), next_number_);
    if (is_new) return nullptr;
    // By number and not through the whole queue: a client may repeat its id as often as it likes.
    const auto found = std::ranges::lower_bound(events_, entry->second, {}, &QueuedEvent::number);
    if (found != events_.end() && found->key == key) return &*found;
    entry->second = next_number_;
    return nullptr;
}

QueuedEvent& EventQueue::push(QueuedEvent event) {
    event.number = next_number_++;
    events_.push_back(std::move(event));
    note(events_.back());
    return events_.back();
}

QueuedEvent EventQueue::pop() {
    QueuedEvent head = std::move(events_.front());
    events_.pop_front();
    forget(head);
    return head;
}

void EventQueue::set_stage(QueuedEvent& event, Stage stage) {
    if (std::size_t* const counter = counter_of(event.stage)) {
        assert(*counter > 0);
        --*counter;
    }
    event.stage = stage;
    if (std::size_t* const counter = counter_of(stage)) ++*counter;
}

void EventQueue::add_repeat(QueuedEvent& event, ConnectionId connection) {
    event.repeats.push_back(connection);
    bytes_ += sizeof connection;
}

bool EventQueue::count_leave(std::uint64_t arrival) {
    const auto leave = std::ranges::find_if(events_, [arrival](const QueuedEvent& queued) {
        return queued.event.kind == EventKind::leave && queued.arrival == arrival;
    });
    if (leave == events_.end()) return false;
    leave->arrival = 0;
    ++leaves_;
    return true;
}

void EventQueue::note(const QueuedEvent& event) {
    bytes_ += size_of(event);
    if (is_counted(event, EventKind::join)) ++joins_;
    if (is_counted(event, EventKind::leave)) ++leaves_;
    if (std::size_t* const counter = counter_of(event.stage)) ++*counter;
}

void EventQueue::forget(const QueuedEvent& event) {
    const std::size_t bytes = size_of(event);
    assert(bytes <= bytes_);
    bytes_ -= bytes;
    if (is_counted(event, EventKind::join)) --joins_;
    if (is_counted(event, EventKind::leave)) --leaves_;
    if (std::size_t* const counter = counter_of(event.stage)) --*counter;
    if (!event.key.client_id.empty()) ids_.erase(id_text(event.key));
}

/// After an exception between an event and its counters.
void EventQueue::count_again() {
    bytes_ = joins_ = leaves_ = unstored_ = storing_ = 0;
    for (const QueuedEvent& event : events_) note(event);
}

/// Returns the counter of the events in this stage; null if they are not counted.
std::size_t* EventQueue::counter_of(Stage stage) {
    switch (stage) {
        case Stage::looking_up:
        case Stage::ready:
            return &unstored_;
        case Stage::storing:
            return &storing_;
        case Stage::live:
        case Stage::durable:
            return nullptr;
    }
    return nullptr;
}

}  // namespace globes::chat
