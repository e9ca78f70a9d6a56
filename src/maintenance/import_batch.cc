#include "maintenance/import_batch.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <variant>

#include "base/text.h"
#include "maintenance/store_calls.h"

namespace globes::maintenance {
namespace {

constexpr std::size_t kBatchBytes = std::size_t{1} << 20;

}  // namespace

void ImportBatch::add(chat::StoreBatch writes, std::uint64_t number, ImportCounts counts) {
    gathered_bytes_ += chat::queued_bytes(writes);
    gathered_.push_back({.writes = std::move(writes), .number = number, .counts = counts});
    if (gathered_.size() >= kEventsAtOnce || gathered_bytes_ >= kBatchBytes) submit();
}

void ImportBatch::finish() {
    submit();
    await();
}

void ImportBatch::submit() {
    await();
    if (gathered_.empty()) return;
    submitted_ = std::exchange(gathered_, {});
    gathered_bytes_ = 0;
    chat::StoreBatch batch;
    for (const Line& line : submitted_) batch.insert(batch.end(), line.writes.begin(), line.writes.end());
    const auto promise = std::make_shared<std::promise<chat::BatchOutcome>>();
    outcome_ = promise->get_future();
    store_.append(std::move(batch), [promise](chat::BatchOutcome outcome) { promise->set_value(std::move(outcome)); });
}

void ImportBatch::await() {
    if (submitted_.empty()) return;
    const chat::BatchOutcome outcome = outcome_.get();
    if (outcome != chat::CommitOutcome::committed) return settle(outcome);
    for (const Line& line : submitted_) count(line);
    submitted_.clear();
}

/// A batch fails as a whole. Lines that were not stored are tried again one by one, unless that could duplicate one. So
/// the faulty line is found.
void ImportBatch::settle(const chat::BatchOutcome& outcome) {
    gathered_.clear();
    const std::vector<Line> lines = std::exchange(submitted_, {});
    for (const Line& line : lines)
        if (is_there(outcome, line)) count(line);
    for (const Line& line : lines) {
        if (is_there(outcome, line)) continue;
        const chat::RoomId room = room_of(line.writes.back());
        chat::CommitOutcome last = outcome.of(room);
        if (last == chat::CommitOutcome::failed && outcome.repeated_seq(room) == 0) last = commit(store_, line.writes);
        if (last != chat::CommitOutcome::committed) throw fault_of(line, last);
        count(line);
    }
}

/// A store that detects repeats has written the lines before one.
bool ImportBatch::is_there(const chat::BatchOutcome& outcome, const Line& line) {
    return std::ranges::all_of(line.writes, [&](const chat::StoreWrite& write) {
        const chat::RoomId room = room_of(write);
        const std::uint64_t repeated_seq = outcome.repeated_seq(room);
        const auto* append = std::get_if<chat::AppendEvent>(&write);
        const bool is_before_repeat = append == nullptr ? repeated_seq > 0 : append->event.seq < repeated_seq;
        return outcome.of(room) == chat::CommitOutcome::committed || is_before_repeat;
    });
}

ImportFault ImportBatch::fault_of(const Line& line, chat::CommitOutcome outcome) {
    const auto* append = std::get_if<chat::AppendEvent>(&line.writes.back());
    std::string what = fmt::format("room {}: ", room_of(line.writes.back()));
    if (append != nullptr) what += fmt::format("seq {}: ", append->event.seq);
    if (outcome == chat::CommitOutcome::unknown)
        return {line.number, what + "it is unknown whether the store wrote this line and those after it",
                Remedy::repeat};
    if (append != nullptr && !append->event.client_id.empty()) {
        const chat::Event& event = append->event;
        const chat::SendLookup lookup = find_sends(
            store_, {{.room = event.room, .folded_name = fold_case(event.name), .client_id = event.client_id}});
        if (lookup.ok && lookup.found.front() && lookup.found.front()->seq != event.seq)
            return {line.number, what + fmt::format("its id is already used by seq {} of the same sender",
                                                    lookup.found.front()->seq)};
    }
    return {line.number, what + "the store could not write it", Remedy::repeat};
}

void ImportBatch::count(const Line& line) {
    committed_.rooms += line.counts.rooms;
    committed_.events += line.counts.events;
}

}  // namespace globes::maintenance
