#include "bench/traffic.h"

#include <fmt/format.h>

#include <charconv>
#include <utility>

#include "bench/client_messages.h"

namespace globes::bench {
namespace {

// A damaged number must not make the checker allocate gigabytes; no run sends that many from one member.
constexpr std::uint32_t kMaxMessagesOfSender = 100'000'000;

/// The number after `"code":`, 0 if it is absent.
int error_code(std::string_view text) {
    constexpr std::string_view kKey = R"("code":)";
    const std::size_t at = text.find(kKey);
    int code = 0;
    if (at != std::string_view::npos) std::from_chars(text.data() + at + kKey.size(), text.data() + text.size(), code);
    return code;
}

}  // namespace

void Findings::merge(const Findings& other) {
    latency_ns.merge(other.latency_ns);
    spread_ns.merge(other.spread_ns);
    send_lag_ns.merge(other.send_lag_ns);
    doubled += other.doubled;
    reordered += other.reordered;
    missing += other.missing;
    foreign += other.foreign;
    for (const auto& [code, count] : other.errors) errors[code] += count;
}

Traffic::Traffic(RunState& state, Counters& counters, const std::vector<std::uint32_t>& residents)
    : state_(state), counters_(counters) {
    orders_.reserve(residents.size());
    for (const std::uint32_t count : residents) orders_.emplace_back(state.options.senders, count);
}

void Traffic::make_sender(Participant& participant, std::uint32_t index) const {
    const std::uint32_t id = participant.room * state_.options.senders + index;
    std::string head;
    std::string_view tail;
    if (state_.options.protocol == Protocol::centrifuge) {
        head = centrifuge_publish_head(state_.room_names[participant.room]);
        tail = kCentrifugePublishTail;
    }
    participant.sender = std::make_unique<Sender>(
        Sender{.id = id, .event = SendEvent(id, fmt::format("bench-{}", id), state_.options.text_bytes, head, tail)});
}

void Traffic::compose(Participant& participant, std::int64_t sent_ns, std::string& out) {
    Sender& sender = *participant.sender;
    sender.event.append(out, ++sender.sent, sent_ns);
    ++sender.in_flight;
    state_.published_by_room[participant.room].fetch_add(1, std::memory_order_relaxed);
    counters_.published.add();
    if (state_.in_window(sent_ns)) counters_.window_published.add();
}

void Traffic::on_text(Participant& participant, std::string_view text, std::int64_t received_ns) {
    const auto mark = find_mark(text, mark_hint_);
    if (!mark) return on_other_event(participant, text, received_ns);
    const std::uint32_t senders = state_.options.senders;
    if (senders == 0 || mark->sender / senders != participant.room || mark->n == 0 || mark->n > kMaxMessagesOfSender) {
        ++findings_.foreign;
        return;
    }
    counters_.deliveries.add();
    if (state_.in_window(received_ns)) counters_.window_deliveries.add();
    const MessageId id{mark->sender % senders, mark->n};
    RoomOrder& order = orders_[participant.room];
    if (participant.role == Role::guest) {
        order.deliver_to_guest(participant.reader, id);
        return;
    }
    const std::uint64_t received_before = participant.reader.received;
    const auto spread_ns = order.deliver(participant.reader, id, received_ns);
    if (participant.reader.received == received_before) return;  // A repeat.
    counters_.resident_deliveries.add();
    if (state_.in_window(mark->sent_ns)) findings_.latency_ns.record(received_ns - mark->sent_ns);
    if (spread_ns && state_.in_window(received_ns)) findings_.spread_ns.record(*spread_ns);
    if (participant.sender != nullptr && participant.sender->id == mark->sender) --participant.sender->in_flight;
}

void Traffic::on_other_event(Participant& participant, std::string_view text, std::int64_t received_ns) {
    if (state_.in_window(received_ns)) counters_.window_other_events.add();
    if (text.find(R"("event_type":"error")") != std::string_view::npos) on_error(participant, text);
}

void Traffic::on_error(Participant& participant, std::string_view text) {
    ++findings_.errors[error_code(text)];
    if (participant.sender == nullptr || participant.sender->in_flight == 0) return;
    // The message will not arrive: the window must not shrink, and the message must not count as missing.
    --participant.sender->in_flight;
    counters_.refused.add();
    state_.published_by_room[participant.room].fetch_sub(1, std::memory_order_relaxed);
}

void Traffic::release(Participant& participant) {
    orders_[participant.room].release_guest(std::exchange(participant.reader, {}));
}

void Traffic::finish(const std::vector<const Participant*>& members) {
    for (RoomOrder& order : orders_) {
        order.finish();
        findings_.doubled += order.faults().doubled;
        findings_.reordered += order.faults().reordered;
        findings_.missing += order.faults().missing_of_guests;
    }
    for (const Participant* participant : members) {
        const std::uint64_t expected = state_.published_by_room[participant->room].load(std::memory_order_relaxed);
        if (participant->reader.received < expected) findings_.missing += expected - participant->reader.received;
    }
}

}  // namespace globes::bench
