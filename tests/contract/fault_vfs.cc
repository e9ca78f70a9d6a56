#include "contract/fault_vfs.h"

namespace globes::store {

void FaultVfs::fail_from(int nth, Fault fault, bool once) {
    struck_ = false;
    fault_ = fault;
    once_ = once;
    until_fault_ = nth;
}

bool FaultVfs::strikes() {
    int until = until_fault_;
    // Counts down to 1: that operation fails. If all later ones fail too, it stays at 1.
    while (until > 1)
        if (until_fault_.compare_exchange_weak(until, until - 1)) return false;
    if (until == 0 || (once_ && !until_fault_.compare_exchange_strong(until, 0))) return false;
    struck_ = true;
    return true;
}

int FaultVfs::read(File& file, void* bytes, int size, sqlite3_int64 offset) {
    ++reads_;
    return fail_reads_ ? SQLITE_IOERR_READ : file.read(bytes, size, offset);
}

int FaultVfs::write(File& file, const void* bytes, int size, sqlite3_int64 offset) {
    if (!strikes()) return file.write(bytes, size, offset);
    switch (fault_) {
        case Fault::disk_full:
            return SQLITE_FULL;
        case Fault::torn_write:
            file.write(bytes, size / 2, offset);
            return SQLITE_FULL;
        case Fault::io_error:
            return SQLITE_IOERR_WRITE;
        case Fault::false_failure:
            file.write(bytes, size, offset);
            return SQLITE_IOERR_WRITE;
    }
    return SQLITE_ERROR;
}

/// For operations that need no space on the disk: they succeed on a full disk.
template <class Act>
int FaultVfs::change(Act act, int error) {
    if (!strikes() || fault_ == Fault::disk_full || fault_ == Fault::torn_write) return act();
    if (fault_ == Fault::false_failure) act();
    return error;
}

int FaultVfs::truncate(File& file, sqlite3_int64 size) {
    return change([&] { return file.truncate(size); }, SQLITE_IOERR_TRUNCATE);
}

int FaultVfs::sync(File& file, int flags) {
    return change([&] { return file.sync(flags); }, SQLITE_IOERR_FSYNC);
}

}  // namespace globes::store
