#include "contract/power_vfs.h"

#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

namespace globes::store {
namespace {

constexpr std::size_t kSectorBytes = 512;

std::string content_of(const std::string& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

void PowerVfs::apply(std::string& content, const Write& write) {
    const auto offset = static_cast<std::size_t>(write.offset);
    if (write.truncates) return content.resize(offset);
    if (content.size() < offset + write.bytes.size()) content.resize(offset + write.bytes.size());
    std::memcpy(content.data() + offset, write.bytes.data(), write.bytes.size());
}

void PowerVfs::on_open(const std::string& file) {
    const std::lock_guard lock(mutex_);
    if (!files_.contains(file)) files_[file].synced = content_of(file);
}

// Creating and removing a file is durable at once in this model.
void PowerVfs::on_delete(const std::string& file) {
    const std::lock_guard lock(mutex_);
    if (has_power_) files_.erase(file);
}

bool PowerVfs::note(const File& file, Write write) {
    const std::lock_guard lock(mutex_);
    if (has_power_) files_[file.name()].unsynced.push_back(std::move(write));
    return has_power_;
}

int PowerVfs::write(File& file, const void* bytes, int size, sqlite3_int64 offset) {
    std::string copy(static_cast<const char*>(bytes), static_cast<std::size_t>(size));
    if (!note(file, {offset, std::move(copy), false})) return SQLITE_IOERR_WRITE;
    return file.write(bytes, size, offset);
}

int PowerVfs::truncate(File& file, sqlite3_int64 size) {
    return note(file, {size, {}, true}) ? file.truncate(size) : SQLITE_IOERR_TRUNCATE;
}

int PowerVfs::sync(File& file, int) {
    const std::lock_guard lock(mutex_);
    if (!has_power_) return SQLITE_IOERR_FSYNC;
    Content& content = files_[file.name()];
    for (const Write& write : content.unsynced) apply(content.synced, write);
    content.unsynced.clear();
    return SQLITE_OK;
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
        // The index of the WAL is in memory, although it has a file name.
        std::filesystem::remove(name + "-shm");
    }
}

}  // namespace globes::store
