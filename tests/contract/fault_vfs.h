// A disk that fails on command: a SQLite VFS over the system's own. While one lives it is registered under `name()`.
#pragma once

#include <sqlite3.h>

#include <atomic>
#include <string>

namespace globes::store {

/// What a write, truncation or fsync that is to fail does instead.
enum class Fault {
    disk_full,      ///< Nothing, and says that the disk is full. An fsync succeeds.
    torn_write,     ///< Half of the write, then the disk is full. An fsync succeeds.
    io_error,       ///< Nothing, and says that there was an I/O error.
    false_failure,  ///< All of it, and says all the same that there was an I/O error.
};

class FaultVfs {
public:
    FaultVfs();
    ~FaultVfs();
    FaultVfs(const FaultVfs&) = delete;
    FaultVfs& operator=(const FaultVfs&) = delete;

    static std::string name() { return "globes-fault"; }

    /// The `nth` operation from now on (1: the next) fails, and so do all after it unless `once`.
    void fail_from(int nth, Fault fault, bool once);
    /// Whether a fault has struck since then.
    bool struck() const { return struck_; }
    void heal();

    /// While true, every read fails.
    void fail_reads(bool fail) { fail_reads_ = fail; }
    /// Of all files, since construction.
    long reads() const { return reads_; }

    // For the files, on SQLite's threads.
    bool strikes();
    bool read_fails();
    Fault fault() const { return fault_; }

private:
    sqlite3_vfs vfs_{};
    std::atomic<int> until_fault_ = 0;  // operations; 0: none will fail
    std::atomic<bool> once_ = false;
    std::atomic<Fault> fault_ = Fault::disk_full;
    std::atomic<bool> struck_ = false;
    std::atomic<bool> fail_reads_ = false;
    std::atomic<long> reads_ = 0;
};

}  // namespace globes::store
