#include "maintenance/import_batch.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "maintenance/store_calls.h"

namespace globes::maintenance {
namespace {

constexpr std::size_t kBatchBytes = std::size_t{1} << 20;
constexpr const char* kRefused = "the store refuses it: its id is another event's, or the store can't be written";

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
    if (outcome == chat::CommitOutcome::committed) {
        for (const Line& line : submitted_) count(line);
        submitted_.clear();
    } else {
        blame_repeat(outcome);
        commit_one_by_one();
    }
}

/// A store that tells repeats has written what stands before one, so that can't be tried again.
void ImportBatch::blame_repeat(const chat::BatchOutcome& outcome) {
    const auto is_repeat = [&](const chat::StoreWrite& write) {
        const auto* append = std::get_if<chat::AppendEvent>(&write);
        return append != nullptr && append->event.seq == outcome.repeated_seq(append->event.room);
    };
    const auto line =
        std::ranges::find_if(submitted_, [&](const Line& one) { return std::ranges::any_of(one.writes, is_repeat); });
    if (line == submitted_.end()) return;
    std::for_each(submitted_.begin(), line, [this](const Line& one) { count(one); });
    const std::uint64_t number = line->number;
    gathered_.clear();
    submitted_.clear();
    throw ImportFault(number, kRefused);
}

/// A batch fails as a whole, so the line that is to blame is found by trying each alone. Where it is not known what
/// became of the batch, its first line is refused as a double: the next run finds out what is there.
void ImportBatch::commit_one_by_one() {
    gathered_.clear();
    for (const Line& line : std::exchange(submitted_, {})) {
        switch (commit(store_, line.writes)) {
            case chat::CommitOutcome::committed:
                count(line);
                break;
            case chat::CommitOutcome::failed:
                throw ImportFault(line.number, kRefused);
            case chat::CommitOutcome::unknown:
                throw ImportFault(line.number, "the store can't tell whether it was written");
        }
    }
}

void ImportBatch::count(const Line& line) {
    committed_.rooms += line.counts.rooms;
    committed_.events += line.counts.events;
}

}  // namespace globes::maintenance
