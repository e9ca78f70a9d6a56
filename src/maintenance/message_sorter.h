// Sorts any number of messages of a dump by room and time. Messages that do not fit into memory go to a file without a
// name in the system's folder for temporary files. Owned by the import, its thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "maintenance/original_format.h"

namespace globes::maintenance {

class MessageSorter {
public:
    /// Up to this size, messages are sorted in memory.
    static constexpr std::size_t kRunBytes = std::size_t{16} << 20;

    explicit MessageSorter(std::size_t run_bytes = kRunBytes);
    ~MessageSorter();
    MessageSorter(const MessageSorter&) = delete;
    MessageSorter& operator=(const MessageSorter&) = delete;

    /// Throws std::runtime_error if the temporary file can't be written.
    void add(OriginalMessage message);
    /// Ends the input. To be called once, before `sorted`.
    void finish();

    /// All of them by room, time, id of the database, and the order in which they were added.
    class Sorted {
    public:
        virtual ~Sorted() = default;
        /// Throws std::runtime_error if the temporary file cannot be read.
        virtual std::optional<OriginalMessage> next() = 0;
    };
    /// Starts from the first message; may be called several times. The sorter must outlive it.
    std::unique_ptr<Sorted> sorted() const;

private:
    class Spool;

    void end_run();

    struct Entry {
        OriginalMessage message;
        std::uint64_t number;
    };
    static bool is_before(const Entry& one, const Entry& other);

    class Memory;
    class Merge;

    const std::size_t run_bytes_;
    std::vector<Entry> run_;
    std::size_t bytes_ = 0;  // of `run_`
    std::uint64_t added_ = 0;
    std::unique_ptr<Spool> spool_;  // null until a run does not fit into memory
};

}  // namespace globes::maintenance
