// The files of commands: output files that appear when they are complete, and files of lines, read and written in large
// pieces. No thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/file.h"

namespace globes::maintenance {

enum class Existing : std::uint8_t { refuse, replace };

/// Data is written to `<name>.partial`, readable only by this user (mode 0600), because it may contain password hashes.
/// A process that is killed leaves that file, and the next one overwrites it. Nothing but such a file is overwritten:
/// no link and no file of another user. Every call throws std::runtime_error with
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
    int descriptor() const { return descriptor_.get(); }

    /// Syncs the file to the disk and gives it its name. Once, after the last byte.
    void finish();

private:
    const std::filesystem::path file_;
    const std::filesystem::path partial_;
    const Existing existing_;
    FileDescriptor descriptor_;
    bool is_finished_ = false;
};

/// The fault of a file that begins with these bytes, if they clearly show another format than JSON in UTF-8: another
/// encoding, BSON, compressed. Otherwise empty. Looks at the first `kSignatureBytes`.
std::string wrong_format(std::string_view begin);
inline constexpr std::size_t kSignatureBytes = 6;

class BufferedLineWriter {
public:
    /// `name`: for messages.
    BufferedLineWriter(int fd, std::string name) : fd_(fd), name_(std::move(name)) {}

    /// Throws std::runtime_error with the name of the file, here and below.
    void write(std::string_view line);
    /// Writes the buffered bytes. To be called at the end.
    void flush();

private:
    const int fd_;
    const std::string name_;
    std::string kept_;
};

class LineReader {
public:
    /// Longer than any line of an export; longer lines are not read into memory.
    static constexpr std::size_t kMaxLineBytes = std::size_t{1} << 18;

    LineReader(int fd, std::string name) : fd_(fd), name_(std::move(name)) {}

    /// The next line without its end, valid until the next call; empty at the end of the file. A byte order mark at the
    /// start of the file is skipped. Throws std::runtime_error with the name of the file: it cannot be read, clearly
    /// has another format, or the line is too long.
    std::optional<std::string_view> next();
    /// Passes the lines that `next` will return to `take`, until it returns false; does not consume them. Passes
    /// nothing if the file cannot be read twice, such as a pipe. After the first `next`.
    void look_ahead(const std::function<bool(std::string_view)>& take) const;
    /// The number of the last line that `next` returned, from 1.
    std::uint64_t number() const { return number_; }
    const std::string& name() const { return name_; }
    /// The share of the file that was read, if its size is known.
    std::optional<double> share() const;

private:
    bool read_more();
    void check_format();

    const int fd_;
    const std::string name_;
    std::string kept_;
    std::size_t begin_ = 0;  // in `kept_`, of the bytes that were not returned yet
    std::uint64_t number_ = 0;
    std::uint64_t bytes_ = 0;
};

}  // namespace globes::maintenance
