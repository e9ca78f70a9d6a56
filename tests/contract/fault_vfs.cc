#include "contract/fault_vfs.h"

#include <new>

namespace globes::store {
namespace {

/// What SQLite sees as a file; the real one follows in the same memory.
struct FaultFile {
    sqlite3_file base;
    FaultVfs* vfs;
};

sqlite3_vfs* system_vfs() {
    static sqlite3_vfs* const vfs = sqlite3_vfs_find(nullptr);
    return vfs;
}

sqlite3_file* real(sqlite3_file* file) {
    return reinterpret_cast<sqlite3_file*>(reinterpret_cast<char*>(file) + sizeof(FaultFile));
}

FaultVfs& vfs_of(sqlite3_file* file) { return *reinterpret_cast<FaultFile*>(file)->vfs; }

/// Passes a method on to the real file.
template <auto kMethod, class... Arguments>
int pass(sqlite3_file* file, Arguments... arguments) {
    return (real(file)->pMethods->*kMethod)(real(file), arguments...);
}

int read(sqlite3_file* file, void* bytes, int size, sqlite3_int64 offset) {
    if (vfs_of(file).read_fails()) return SQLITE_IOERR_READ;
    return pass<&sqlite3_io_methods::xRead>(file, bytes, size, offset);
}

int write(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 offset) {
    FaultVfs& vfs = vfs_of(file);
    const bool strikes = vfs.strikes();
    const auto write_through = [&](int count) { return pass<&sqlite3_io_methods::xWrite>(file, bytes, count, offset); };
    if (!strikes) return write_through(size);
    switch (vfs.fault()) {
        case Fault::disk_full:
            return SQLITE_FULL;
        case Fault::torn_write:
            write_through(size / 2);
            return SQLITE_FULL;
        case Fault::io_error:
            return SQLITE_IOERR_WRITE;
        case Fault::false_failure:
            write_through(size);
            return SQLITE_IOERR_WRITE;
    }
    return SQLITE_ERROR;
}

template <int kError, auto kMethod, class Argument>
int change(sqlite3_file* file, Argument argument) {
    FaultVfs& vfs = vfs_of(file);
    if (!vfs.strikes() || vfs.fault() == Fault::disk_full || vfs.fault() == Fault::torn_write)
        return pass<kMethod>(file, argument);
    if (vfs.fault() == Fault::false_failure) pass<kMethod>(file, argument);
    return kError;
}

int close(sqlite3_file* file) { return pass<&sqlite3_io_methods::xClose>(file); }

const sqlite3_io_methods kMethods = {
    .iVersion = 2,  // Without memory-mapped pages, which the store does not use.
    .xClose = close,
    .xRead = read,
    .xWrite = write,
    .xTruncate = change<SQLITE_IOERR_TRUNCATE, &sqlite3_io_methods::xTruncate, sqlite3_int64>,
    .xSync = change<SQLITE_IOERR_FSYNC, &sqlite3_io_methods::xSync, int>,
    .xFileSize = pass<&sqlite3_io_methods::xFileSize, sqlite3_int64*>,
    .xLock = pass<&sqlite3_io_methods::xLock, int>,
    .xUnlock = pass<&sqlite3_io_methods::xUnlock, int>,
    .xCheckReservedLock = pass<&sqlite3_io_methods::xCheckReservedLock, int*>,
    .xFileControl = pass<&sqlite3_io_methods::xFileControl, int, void*>,
    .xSectorSize = pass<&sqlite3_io_methods::xSectorSize>,
    .xDeviceCharacteristics = pass<&sqlite3_io_methods::xDeviceCharacteristics>,
    .xShmMap = pass<&sqlite3_io_methods::xShmMap, int, int, int, void volatile**>,
    .xShmLock = pass<&sqlite3_io_methods::xShmLock, int, int, int>,
    .xShmBarrier = [](sqlite3_file* file) { real(file)->pMethods->xShmBarrier(real(file)); },
    .xShmUnmap = pass<&sqlite3_io_methods::xShmUnmap, int>,
    .xFetch = nullptr,
    .xUnfetch = nullptr,
};

int open(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out_flags) {
    auto* fault_file = new (file) FaultFile{.base = {nullptr}, .vfs = static_cast<FaultVfs*>(vfs->pAppData)};
    const int code = system_vfs()->xOpen(system_vfs(), name, real(file), flags, out_flags);
    // Without methods SQLite does not close it.
    if (real(file)->pMethods != nullptr) fault_file->base.pMethods = &kMethods;
    return code;
}

}  // namespace

FaultVfs::FaultVfs() : vfs_(*system_vfs()) {
    static const std::string registered_name = name();
    vfs_.szOsFile += static_cast<int>(sizeof(FaultFile));
    vfs_.pNext = nullptr;
    vfs_.zName = registered_name.c_str();
    // The other members stay the system's own: they know nothing of files but their names.
    vfs_.pAppData = this;
    vfs_.xOpen = open;
    sqlite3_vfs_register(&vfs_, 0);
}

FaultVfs::~FaultVfs() { sqlite3_vfs_unregister(&vfs_); }

void FaultVfs::fail_from(int nth, Fault fault, bool once) {
    struck_ = false;
    fault_ = fault;
    once_ = once;
    until_fault_ = nth;
}

void FaultVfs::heal() { until_fault_ = 0; }

bool FaultVfs::strikes() {
    int until = until_fault_;
    // Counts down to 1, which fails; it stays at 1 where everything after it fails too.
    while (until > 1)
        if (until_fault_.compare_exchange_weak(until, until - 1)) return false;
    if (until == 0 || (once_ && !until_fault_.compare_exchange_strong(until, 0))) return false;
    struck_ = true;
    return true;
}

bool FaultVfs::read_fails() {
    ++reads_;
    return fail_reads_;
}

}  // namespace globes::store
