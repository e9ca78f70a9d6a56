// Collects lines of an export into batches; one batch is committed while the next one is read. Owned by the import, its
// thread only.
#pragma once

#include <cstdint>
#include <future>
#include <stdexcept>
#include <string>
#include <vector>

#include "chat/store.h"

namespace globes::maintenance {

/// What the operator can do if an import ended early.
enum class Remedy : std::uint8_t {
    change,  ///< The file, or the data in the store, must be changed.
    repeat,  ///< The same import may get further if it is repeated.
};

/// A fault of the line of that number, with a message for the operator.
class ImportFault : public std::runtime_error {
public:
    ImportFault(std::uint64_t line, const std::string& what, Remedy remedy = Remedy::change)
        : std::runtime_error(what), line_(line), remedy_(remedy) {}
    std::uint64_t line() const { return line_; }
    Remedy remedy() const { return remedy_; }

private:
    std::uint64_t line_;
    Remedy remedy_;
};

struct ImportCounts {
    std::uint64_t rooms = 0;
    std::uint64_t events = 0;
};

class ImportBatch {
public:
    explicit ImportBatch(chat::Store& store) : store_(store) {}

    /// Adds the line `number`; `counts` is its part of the report. Throws ImportFault for this line or an earlier one
    /// that the store refused. Then no later line of its room is stored, and no more lines are accepted.
    void add(chat::StoreBatch writes, std::uint64_t number, ImportCounts counts);
    /// Commits the rest. Throws as `add`.
    void finish();
    /// The counts of lines that are stored.
    ImportCounts committed() const { return committed_; }

private:
    struct Line {
        chat::StoreBatch writes;
        std::uint64_t number;
        ImportCounts counts;
    };

    void submit();
    void await();
    void settle(const chat::BatchOutcome& outcome);
    static bool is_there(const chat::BatchOutcome& outcome, const Line& line);
    ImportFault fault_of(const Line& line, chat::CommitOutcome outcome);
    void count(const Line& line);

    chat::Store& store_;
    std::vector<Line> gathered_;
    std::size_t gathered_bytes_ = 0;
    std::vector<Line> submitted_;
    std::future<chat::BatchOutcome> outcome_;  // of the submitted batch
    ImportCounts committed_;
};

}  // namespace globes::maintenance
