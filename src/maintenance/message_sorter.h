// Messages of a dump in the order of their rooms and times, however many there are: what is too much for the memory
// waits in a file without a name in the system's folder for temporary files. Owned by the import, its thread only.
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
    /// So much is sorted in memory.
    static constexpr std::size_t kRunBytes = std::size_t{16} << 20;

    explicit MessageSorter(std::size_t run_bytes = kRunBytes);
    ~MessageSorter();
    MessageSorter(const MessageSorter&) = delete;
    MessageSorter& operator=(const MessageSorter&) = delete;

    /// Throws std::runtime_error if the temporary file can't be written.
    void add(OriginalMessage message);
    /// No more comes. To be called once, before `sorted`.
    void finish();

    /// All of them by room, time, id of the database, and the order in which they were added.
    class Sorted {
    public:
        virtual ~Sorted() = default;
        /// Throws std::runtime_error if the temporary file can't be read.
        virtual std::optional<OriginalMessage> next() = 0;
    };
    /// From the first on, as often as wanted. The sorter outlives it.
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
    std::unique_ptr<Spool> spool_;  // null until a run is too much for the memory
};

}  // namespace globes::maintenance
