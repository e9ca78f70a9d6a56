#include "contract/power_vfs.h"

#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <new>

namespace globes::store {
namespace {

constexpr std::size_t kSectorBytes = 512;

/// What SQLite sees as a file; the real one follows in the same memory.
struct PowerFile {
    sqlite3_file base;
    PowerVfs* vfs;
    std::string* name;
};

sqlite3_vfs* system_vfs() {
    static sqlite3_vfs* const vfs = sqlite3_vfs_find(nullptr);
    return vfs;
}

sqlite3_file* real(sqlite3_file* file) {
    return reinterpret_cast<sqlite3_file*>(reinterpret_cast<char*>(file) + sizeof(PowerFile));
}

PowerVfs& vfs_of(sqlite3_file* file) { return *reinterpret_cast<PowerFile*>(file)->vfs; }
const std::string& name_of(sqlite3_file* file) { return *reinterpret_cast<PowerFile*>(file)->name; }

/// Passes a method on to the real file.
template <auto kMethod, class... Arguments>
int pass(sqlite3_file* file, Arguments... arguments) {
    return (real(file)->pMethods->*kMethod)(real(file), arguments...);
}

int write(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 offset) {
    std::string copy(static_cast<const char*>(bytes), static_cast<std::size_t>(size));
    if (!vfs_of(file).note_write(name_of(file), std::move(copy), offset)) return SQLITE_IOERR_WRITE;
    return pass<&sqlite3_io_methods::xWrite>(file, bytes, size, offset);
}

int truncate(sqlite3_file* file, sqlite3_int64 size) {
    if (!vfs_of(file).note_truncate(name_of(file), size)) return SQLITE_IOERR_TRUNCATE;
    return pass<&sqlite3_io_methods::xTruncate>(file, size);
}

int sync(sqlite3_file* file, int) { return vfs_of(file).note_sync(name_of(file)) ? SQLITE_OK : SQLITE_IOERR_FSYNC; }

int close(sqlite3_file* file) {
    delete reinterpret_cast<PowerFile*>(file)->name;
    return pass<&sqlite3_io_methods::xClose>(file);
}

const sqlite3_io_methods kMethods = {
    .iVersion = 2,  // Without memory-mapped pages, which the store does not use.
    .xClose = close,
    .xRead = pass<&sqlite3_io_methods::xRead, void*, int, sqlite3_int64>,
    .xWrite = write,
    .xTruncate = truncate,
    .xSync = sync,
    .xFileSize = pass<&sqlite3_io_methods::xFileSize, sqlite3_int64*>,
    .xLock = pass<&sqlite3_io_methods::xLock, int>,
    .xUnlock = pass<&sqlite3_io_methods::xUnlock, int>,
    .xCheckReservedLock = pass<&sqlite3_io_methods::xCheckReservedLock, int*>,
    .xFileControl = pass<&sqlite3_io_methods::xFileControl, int, void*>,
    .xSectorSize = pass<&sqlite3_io_methods::xSectorSize>,
    // Promises nothing of the real disk, such as that a write never tears the bytes beside it.
    .xDeviceCharacteristics = [](sqlite3_file*) { return 0; },
    .xShmMap = pass<&sqlite3_io_methods::xShmMap, int, int, int, void volatile**>,
    .xShmLock = pass<&sqlite3_io_methods::xShmLock, int, int, int>,
    .xShmBarrier = [](sqlite3_file* file) { real(file)->pMethods->xShmBarrier(real(file)); },
    .xShmUnmap = pass<&sqlite3_io_methods::xShmUnmap, int>,
    .xFetch = nullptr,
    .xUnfetch = nullptr,
};

PowerVfs& owner(sqlite3_vfs* vfs) { return *static_cast<PowerVfs*>(vfs->pAppData); }

int open(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out_flags) {
    auto* power_file = new (file) PowerFile{.base = {nullptr}, .vfs = &owner(vfs), .name = nullptr};
    const int code = system_vfs()->xOpen(system_vfs(), name, real(file), flags, out_flags);
    // Without methods SQLite does not close it.
    if (real(file)->pMethods == nullptr) return code;
    power_file->name = new std::string(name == nullptr ? "" : name);
    power_file->base.pMethods = &kMethods;
    if (name != nullptr) owner(vfs).note_open(name);
    return code;
}

int remove(sqlite3_vfs* vfs, const char* name, int sync_folder) {
    owner(vfs).note_delete(name);
    return system_vfs()->xDelete(system_vfs(), name, sync_folder);
}

std::string content_of(const std::string& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

PowerVfs::PowerVfs(std::uint32_t seed) : vfs_(*system_vfs()), random_(seed) {
    static const std::string registered_name = name();
    vfs_.szOsFile += static_cast<int>(sizeof(PowerFile));
    vfs_.pNext = nullptr;
    vfs_.zName = registered_name.c_str();
    vfs_.pAppData = this;
    vfs_.xOpen = open;
    vfs_.xDelete = remove;
    sqlite3_vfs_register(&vfs_, 0);
}

PowerVfs::~PowerVfs() { sqlite3_vfs_unregister(&vfs_); }

void PowerVfs::apply(std::string& content, const Write& write) {
    const auto offset = static_cast<std::size_t>(write.offset);
    if (write.truncates) return content.resize(offset);
    if (content.size() < offset + write.bytes.size()) content.resize(offset + write.bytes.size());
    std::memcpy(content.data() + offset, write.bytes.data(), write.bytes.size());
}

void PowerVfs::note_open(const std::string& file) {
    const std::lock_guard lock(mutex_);
    if (!files_.contains(file)) files_[file].synced = content_of(file);
}

// A file's coming and going reaches the disk at once here.
void PowerVfs::note_delete(const std::string& file) {
    const std::lock_guard lock(mutex_);
    if (has_power_) files_.erase(file);
}

bool PowerVfs::note_write(const std::string& file, std::string bytes, std::int64_t offset) {
    const std::lock_guard lock(mutex_);
    if (has_power_) files_[file].unsynced.push_back({offset, std::move(bytes), false});
    return has_power_;
}

bool PowerVfs::note_truncate(const std::string& file, std::int64_t size) {
    const std::lock_guard lock(mutex_);
    if (has_power_) files_[file].unsynced.push_back({size, {}, true});
    return has_power_;
}

bool PowerVfs::note_sync(const std::string& name) {
    const std::lock_guard lock(mutex_);
    if (!has_power_) return false;
    File& file = files_[name];
    for (const Write& write : file.unsynced) apply(file.synced, write);
    file.unsynced.clear();
    return true;
}

void PowerVfs::cut() {
    const std::lock_guard lock(mutex_);
    has_power_ = false;
    for (auto& [name, file] : files_) {
        for (Write& write : file.unsynced) {
            const std::size_t sectors = (write.bytes.size() + kSectorBytes - 1) / kSectorBytes;
            // All of it, nothing, or some of its sectors.
            const std::size_t fate = random_() % 3;
            lost_ += fate != 0;
            if (fate == 1) continue;
            if (fate == 2 && sectors > 1) write.bytes.resize((1 + random_() % (sectors - 1)) * kSectorBytes);
            apply(file.synced, write);
        }
        file.unsynced.clear();
    }
}

void PowerVfs::restore() {
    const std::lock_guard lock(mutex_);
    for (const auto& [name, file] : files_) {
        std::ofstream(name, std::ios::binary | std::ios::trunc) << file.synced;
        // The index of the WAL is in memory, whatever its name says.
        std::filesystem::remove(name + "-shm");
    }
}

}  // namespace globes::store
