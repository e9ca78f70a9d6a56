// A disk that loses its power on command: a SQLite VFS over the system's own. What was written and not yet synced when
// the power goes is there or not, each write by itself, whole or cut off at a sector, as a disk that reorders leaves
// it.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <map>
#include <mutex>
#include <random>
#include <string>
#include <vector>

namespace globes::store {

class PowerVfs {
public:
    explicit PowerVfs(std::uint32_t seed);
    ~PowerVfs();
    PowerVfs(const PowerVfs&) = delete;
    PowerVfs& operator=(const PowerVfs&) = delete;

    static std::string name() { return "globes-power"; }

    /// From now on nothing reaches a file, and every write, truncation and fsync fails. What the files hold then is
    /// settled here.
    void cut();
    /// Gives the files what the disk had when the power went. After every user has closed them.
    void restore();
    /// How many writes were lost, wholly or in part.
    std::size_t lost() const { return lost_; }

    // For the files, on SQLite's threads.
    void note_open(const std::string& file);
    void note_delete(const std::string& file);
    /// These return false without power.
    bool note_write(const std::string& file, std::string bytes, std::int64_t offset);
    bool note_truncate(const std::string& file, std::int64_t size);
    bool note_sync(const std::string& file);

private:
    struct Write {
        std::int64_t offset;  // of a truncation: the new size
        std::string bytes;
        bool truncates;
    };
    struct File {
        std::string synced;  // what the disk holds for sure
        std::vector<Write> unsynced;
    };

    static void apply(std::string& content, const Write& write);

    sqlite3_vfs vfs_{};
    std::mutex mutex_;
    std::map<std::string, File> files_;
    std::mt19937 random_;
    bool has_power_ = true;
    std::size_t lost_ = 0;
};

}  // namespace globes::store
