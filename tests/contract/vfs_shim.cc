#include "contract/vfs_shim.h"

#include <new>
#include <utility>

namespace globes::store {
namespace {

/// A file as SQLite sees it; the real one follows in the same memory.
struct ShimFile {
    sqlite3_file base;
    VfsShim* shim;
    std::string* name;
};

sqlite3_vfs* system_vfs() {
    static sqlite3_vfs* const vfs = sqlite3_vfs_find(nullptr);
    return vfs;
}

sqlite3_file* real(sqlite3_file* file) {
    return reinterpret_cast<sqlite3_file*>(reinterpret_cast<char*>(file) + sizeof(ShimFile));
}

VfsShim& shim_of(sqlite3_vfs* vfs) { return *static_cast<VfsShim*>(vfs->pAppData); }

/// Calls the shim.
template <auto kMethod, class... Arguments>
int ask(sqlite3_file* file, Arguments... arguments) {
    const auto& shim_file = *reinterpret_cast<ShimFile*>(file);
    VfsShim::File real_file(real(file), *shim_file.name);
    return (shim_file.shim->*kMethod)(real_file, arguments...);
}

/// Calls the method of the real file.
template <auto kMethod, class... Arguments>
int pass(sqlite3_file* file, Arguments... arguments) {
    return (real(file)->pMethods->*kMethod)(real(file), arguments...);
}

int close(sqlite3_file* file) {
    delete reinterpret_cast<ShimFile*>(file)->name;
    return pass<&sqlite3_io_methods::xClose>(file);
}

const sqlite3_io_methods kMethods = {
    .iVersion = 2,  // Without memory-mapped pages, which the store does not use.
    .xClose = close,
    .xRead = ask<&VfsShim::read, void*, int, sqlite3_int64>,
    .xWrite = ask<&VfsShim::write, const void*, int, sqlite3_int64>,
    .xTruncate = ask<&VfsShim::truncate, sqlite3_int64>,
    .xSync = ask<&VfsShim::sync, int>,
    .xFileSize = pass<&sqlite3_io_methods::xFileSize, sqlite3_int64*>,
    .xLock = pass<&sqlite3_io_methods::xLock, int>,
    .xUnlock = pass<&sqlite3_io_methods::xUnlock, int>,
    .xCheckReservedLock = pass<&sqlite3_io_methods::xCheckReservedLock, int*>,
    .xFileControl = pass<&sqlite3_io_methods::xFileControl, int, void*>,
    .xSectorSize = pass<&sqlite3_io_methods::xSectorSize>,
    .xDeviceCharacteristics = ask<&VfsShim::device_characteristics>,
    .xShmMap = pass<&sqlite3_io_methods::xShmMap, int, int, int, void volatile**>,
    .xShmLock = pass<&sqlite3_io_methods::xShmLock, int, int, int>,
    .xShmBarrier = [](sqlite3_file* file) { real(file)->pMethods->xShmBarrier(real(file)); },
    .xShmUnmap = pass<&sqlite3_io_methods::xShmUnmap, int>,
    .xFetch = nullptr,
    .xUnfetch = nullptr,
};

int open(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out_flags) {
    auto* shim_file = new (file) ShimFile{.base = {nullptr}, .shim = &shim_of(vfs), .name = nullptr};
    const int code = system_vfs()->xOpen(system_vfs(), name, real(file), flags, out_flags);
    // SQLite does not close a file without methods.
    if (real(file)->pMethods == nullptr) return code;
    shim_file->name = new std::string(name == nullptr ? "" : name);
    shim_file->base.pMethods = &kMethods;
    if (name != nullptr) shim_of(vfs).on_open(*shim_file->name);
    return code;
}

int remove(sqlite3_vfs* vfs, const char* name, int sync_folder) {
    shim_of(vfs).on_delete(name);
    return system_vfs()->xDelete(system_vfs(), name, sync_folder);
}

}  // namespace

VfsShim::VfsShim(std::string name) : name_(std::move(name)), vfs_(*system_vfs()) {
    vfs_.szOsFile += static_cast<int>(sizeof(ShimFile));
    vfs_.pNext = nullptr;
    vfs_.zName = name_.c_str();
    // The other members remain the system's own: they do not depend on the file object.
    vfs_.pAppData = this;
    vfs_.xOpen = open;
    vfs_.xDelete = remove;
    sqlite3_vfs_register(&vfs_, 0);
}

VfsShim::~VfsShim() { sqlite3_vfs_unregister(&vfs_); }

}  // namespace globes::store
