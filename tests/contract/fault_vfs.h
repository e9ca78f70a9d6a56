// A disk that fails on command.
#pragma once

#include <atomic>
#include <string>

#include "contract/vfs_shim.h"

namespace globes::store {

/// How a write, truncation or fsync fails.
enum class Fault {
    disk_full,      ///< Nothing, and says that the disk is full. An fsync succeeds.
    torn_write,     ///< Half of the write, then the disk is full. An fsync succeeds.
    io_error,       ///< Nothing, and says that there was an I/O error.
    false_failure,  ///< All of it, and says all the same that there was an I/O error.
};

class FaultVfs final : public VfsShim {
public:
    FaultVfs() : VfsShim(name()) {}

    static std::string name() { return "globes-fault"; }

    /// Operation number `nth` from now on (1: the next) fails, and so do all after it unless `once`.
    void fail_from(int nth, Fault fault, bool once);
    /// Whether an operation has failed since then.
    bool struck() const { return struck_; }
    void heal() { until_fault_ = 0; }

    /// While true, every read fails.
    void fail_reads(bool fail) { fail_reads_ = fail; }
    /// Of all files, since construction.
    long reads() const { return reads_; }

    int read(File& file, void* bytes, int size, sqlite3_int64 offset) override;
    int write(File& file, const void* bytes, int size, sqlite3_int64 offset) override;
    int truncate(File& file, sqlite3_int64 size) override;
    int sync(File& file, int flags) override;

private:
    bool strikes();
    template <class Act>
    int change(Act act, int error);

    std::atomic<int> until_fault_ = 0;  // operations; 0: no fault is planned
    std::atomic<bool> once_ = false;
    std::atomic<Fault> fault_ = Fault::disk_full;
    std::atomic<bool> struck_ = false;
    std::atomic<bool> fail_reads_ = false;
    std::atomic<long> reads_ = 0;
};

}  // namespace globes::store
