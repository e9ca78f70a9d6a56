// The JSON objects of a file, one after the other, whatever stands around them: one a line, spread over lines, or the
// items of an array. Only quotes and brackets are looked at; whether an object is valid JSON is its reader's business.
// Owned by the import, its thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace globes::maintenance {

class DocumentReader {
public:
    /// MongoDB's documents have at most 16 MiB, and JSON writes some bytes as six.
    static constexpr std::size_t kMaxDocumentBytes = std::size_t{32} << 20;

    /// `name`: for messages.
    DocumentReader(int fd, std::string name) : fd_(fd), name_(std::move(name)) {}

    /// The next object, from `{` to `}`, valid until the next call; none at the end of the file. A UTF-8 byte order
    /// mark is skipped. Throws std::runtime_error with `place()`: the file can't be read, is no JSON, or ends too
    /// early.
    std::optional<std::string_view> next();
    /// Of the object that `next` returned last: `rooms.json: entry 3 (line 17)`.
    std::string place() const;
    /// How much of the file was read, where its size is known.
    std::optional<double> share() const;

private:
    /// What was read last at the outermost level, and so what may follow.
    enum class State : std::uint8_t {
        outside,      ///< Of an array: an object, an array or the end of the file.
        array_begin,  ///< `[`: an object or `]`.
        array_item,   ///< An object in an array: `,` or `]`.
        array_comma,  ///< `,`: an object.
    };

    bool find_object();
    void step(char byte);
    void skip_object();
    bool has_byte();
    bool read_more();
    void check_begin();
    [[noreturn]] void fail(std::uint64_t line, std::string_view what) const;

    const int fd_;
    const std::string name_;
    std::string kept_;
    std::size_t begin_ = 0;  // in `kept_`, of the object that is being read
    std::size_t at_ = 0;     // in `kept_`, of the next byte
    State state_ = State::outside;
    std::uint64_t entry_ = 0;
    std::uint64_t entry_line_ = 1;
    std::uint64_t line_ = 1;
    std::uint64_t bytes_ = 0;
};

}  // namespace globes::maintenance
