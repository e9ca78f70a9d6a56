// Files of lines, read and written in large pieces through descriptors that someone else opened. No thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace globes::maintenance {

/// What is wrong with a file that begins with these bytes, if they show plainly that it is no JSON in UTF-8: another
/// encoding, BSON, compressed. Empty for all else. Looks at the first `kTellingBytes`.
std::string wrong_format(std::string_view begin);
inline constexpr std::size_t kTellingBytes = 6;

class LineWriter {
public:
    /// `name`: for messages.
    LineWriter(int fd, std::string name) : fd_(fd), name_(std::move(name)) {}

    /// Throws std::runtime_error naming the file, here and below.
    void write(std::string_view line);
    /// Writes what is kept. To be called at the end.
    void flush();

private:
    const int fd_;
    const std::string name_;
    std::string kept_;
};

class LineReader {
public:
    /// Longer than any line of an export; what is longer is not read into memory.
    static constexpr std::size_t kMaxLineBytes = std::size_t{1} << 18;

    LineReader(int fd, std::string name) : fd_(fd), name_(std::move(name)) {}

    /// The next line without its end, valid until the next call; none at the end of the file. A byte order mark at the
    /// begin of the file is left out.
    /// Throws std::runtime_error naming the file: it can't be read, is plainly of another format, or the line is too
    /// long.
    std::optional<std::string_view> next();
    /// Gives what `next` is going to return, until `take` returns false; afterwards nothing has been read. Gives
    /// nothing where a file can't be read twice, such as a pipe. After the first `next`.
    void look_ahead(const std::function<bool(std::string_view)>& take) const;
    /// Of the line that `next` returned last, from 1.
    std::uint64_t number() const { return number_; }
    const std::string& name() const { return name_; }
    /// How much of the file was read, where its size is known.
    std::optional<double> share() const;

private:
    bool read_more();
    void check_format();

    const int fd_;
    const std::string name_;
    std::string kept_;
    std::size_t begin_ = 0;  // in `kept_`, of what was not returned yet
    std::uint64_t number_ = 0;
    std::uint64_t bytes_ = 0;
};

}  // namespace globes::maintenance
