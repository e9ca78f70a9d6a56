// Reads the JSON objects of a file one by one: one object on each line, spread over lines, or the items of an array.
// Looks only at quotes and brackets; the reader of an object checks whether it is valid JSON. Owned by the import, its
// thread only.
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

    /// The next object, from `{` to `}`, valid until the next call; empty at the end of the file. A UTF-8 byte order
    /// mark is skipped. Throws std::runtime_error with `place()`: the file cannot be read, is not JSON, or is
    /// truncated.
    std::optional<std::string_view> next();
    /// The place of the last object that `next` returned: `rooms.json: entry 3 (line 17)`.
    std::string place() const;
    /// The share of the file that was read, if its size is known.
    std::optional<double> share() const;

private:
    /// The last token at the outermost level, which decides the next ones.
    enum class State : std::uint8_t {
        outside,      ///< Outside of an array: an object, an array or the end of the file may follow.
        array_begin,  ///< After `[`: an object or `]` may follow.
        array_item,   ///< After an object in an array: `,` or `]` may follow.
        array_comma,  ///< After `,`: an object must follow.
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
    std::size_t begin_ = 0;  // in `kept_`, of the current object
    std::size_t at_ = 0;     // in `kept_`, of the next byte
    State state_ = State::outside;
    std::uint64_t entry_ = 0;
    std::uint64_t entry_line_ = 1;
    std::uint64_t line_ = 1;
    std::uint64_t bytes_ = 0;
};

}  // namespace globes::maintenance
