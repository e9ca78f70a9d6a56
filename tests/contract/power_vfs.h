// A disk that loses power on command. A write that was not synced before is then complete, absent, or cut off at a
// sector, independently of other writes, as on a disk that reorders writes.
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

    /// Cuts the power: from now on every write, truncation and fsync fails and changes no file. Decides here which
    /// unsynced writes the files keep.
    void cut();
    /// Restores the contents that the disk had when the power was cut. Call after all files are closed.
    void restore();
    /// How many writes were lost completely or in part.
    std::size_t lost() const { return lost_; }

    int write(File& file, const void* bytes, int size, sqlite3_int64 offset) override;
    int truncate(File& file, sqlite3_int64 size) override;
    int sync(File& file, int flags) override;
    /// No guarantees.
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
        std::string synced;  // the durable contents
        std::vector<Write> unsynced;
    };

    static void apply(std::string& content, const Write& write);
    /// False if the power is off.
    bool note(const File& file, Write write);

    std::mutex mutex_;
    std::map<std::string, Content> files_;
    std::mt19937 random_;
    bool has_power_ = true;
    std::size_t lost_ = 0;
};

}  // namespace globes::store
