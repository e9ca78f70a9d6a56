// A file that appears under its name when it is complete. Owned by the command that writes it; no thread.
#pragma once

#include <cstdint>
#include <filesystem>

namespace globes::maintenance {

enum class Existing : std::uint8_t { refuse, replace };

/// Data is written to `<name>.partial`, readable only by this user (mode 0600), because it may contain password hashes.
/// A process that is killed leaves that file, and the next one overwrites it. Every call throws std::runtime_error with
/// a message for the operator, which names the file.
class OutputFile {
public:
    /// Locks the partial file; refused if another process writes it.
    OutputFile(std::filesystem::path file, Existing existing);
    /// Removes the partial file, unless it was finished.
    ~OutputFile();
    OutputFile(const OutputFile&) = delete;
    OutputFile& operator=(const OutputFile&) = delete;

    const std::filesystem::path& partial() const { return partial_; }
    int descriptor() const { return fd_; }

    /// Syncs the file to the disk and gives it its name. Once, after the last byte.
    void finish();

private:
    const std::filesystem::path file_;
    const std::filesystem::path partial_;
    const Existing existing_;
    int fd_ = -1;
    bool is_finished_ = false;
};

}  // namespace globes::maintenance
