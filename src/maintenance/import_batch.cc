#include "maintenance/import_batch.h"

#include <utility>

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
    const auto promise = std::make_shared<std::promise<chat::CommitOutcome>>();
    outcome_ = promise->get_future();
    store_.append(std::move(batch), [promise](chat::CommitOutcome outcome) { promise->set_value(outcome); });
}

void ImportBatch::await() {
    if (submitted_.empty()) return;
    if (outcome_.get() == chat::CommitOutcome::committed) {
        for (const Line& line : submitted_) count(line);
        submitted_.clear();
    } else {
        commit_one_by_one();
    }
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
                throw ImportFault(line.number,
                                  "the store refuses it: its id is another event's, or the store can't be written");
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
