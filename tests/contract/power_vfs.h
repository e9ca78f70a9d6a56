// A disk that loses its power on command. What was written and not yet synced when the power goes is there or not, each
// write by itself, whole or cut off at a sector, as a disk that reorders leaves it.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <random>
#include <string>
#include <vector>

#include "contract/vfs_shim.h"

namespace globes::store {

class PowerVfs final : public VfsShim {
public:
    explicit PowerVfs(std::uint32_t seed) : VfsShim(name()), random_(seed) {}

    static std::string name() { return "globes-power"; }

    /// From now on nothing reaches a file, and every write, truncation and fsync fails. What the files hold then is
    /// settled here.
    void cut();
    /// Gives the files what the disk had when the power went. After every user has closed them.
    void restore();
    /// How many writes were lost, wholly or in part.
    std::size_t lost() const { return lost_; }

    int write(File& file, const void* bytes, int size, sqlite3_int64 offset) override;
    int truncate(File& file, sqlite3_int64 size) override;
    int sync(File& file, int flags) override;
    /// Promises nothing.
    int device_characteristics(File&) override { return 0; }
    void on_open(const std::string& file) override;
    void on_delete(const std::string& file) override;

private:
    struct Write {
        std::int64_t offset;  // of a truncation: the new size
        std::string bytes;
        bool truncates;
    };
    struct Content {
        std::string synced;  // what the disk holds for sure
        std::vector<Write> unsynced;
    };

    static void apply(std::string& content, const Write& write);
    /// False without power.
    bool note(const File& file, Write write);

    std::mutex mutex_;
    std::map<std::string, Content> files_;
    std::mt19937 random_;
    bool has_power_ = true;
    std::size_t lost_ = 0;
};

}  // namespace globes::store
