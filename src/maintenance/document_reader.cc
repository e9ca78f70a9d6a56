#include "maintenance/document_reader.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "base/text.h"
#include "maintenance/files.h"

namespace globes::maintenance {
namespace {

constexpr std::size_t kPieceBytes = std::size_t{1} << 18;

bool is_blank(char byte) { return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r'; }

}  // namespace

std::optional<std::string_view> DocumentReader::next() {
    if (!find_object()) return std::nullopt;
    ++entry_;
    entry_line_ = line_;
    skip_object();
    if (state_ != State::outside) state_ = State::array_item;
    return std::string_view(kept_).substr(begin_, at_ - begin_);
}

std::string DocumentReader::place() const { return fmt::format("{}: entry {} (line {})", name_, entry_, entry_line_); }

/// Skips to the next `{`; false at the end of the file.
bool DocumentReader::find_object() {
    while (has_byte()) {
        begin_ = at_;
        const char byte = kept_[at_];
        if (byte == '{' && state_ != State::array_item) return true;
        ++at_;
        if (byte == '\n') ++line_;
        if (!is_blank(byte)) step(byte);
    }
    if (state_ != State::outside) fail(line_, "the array has no end: the file is truncated");
    return false;
}

/// Reads a byte between objects.
void DocumentReader::step(char byte) {
    const bool is_inside = state_ != State::outside;
    if (byte == '[' && !is_inside)
        state_ = State::array_begin;
    else if (byte == ',' && state_ == State::array_item)
        state_ = State::array_comma;
    else if (byte == ']' && is_inside && state_ != State::array_comma)
        state_ = State::outside;
    else if (state_ == State::array_item)
        fail(line_, "a comma is missing after the previous entry");
    else
        fail(line_,
             "not a JSON object: the file must contain objects, one on each line or in an array, as mongoexport writes "
             "them");
}

/// Skips to the end of the object that begins at `at_`.
void DocumentReader::skip_object() {
    std::size_t depth = 0;
    bool in_text = false;
    do {
        if (!has_byte()) fail(entry_line_, "the file is truncated in this entry");
        if (at_ - begin_ >= kMaxDocumentBytes)
            fail(entry_line_, fmt::format("is longer than {} bytes", kMaxDocumentBytes));
        const char byte = kept_[at_++];
        if (byte == '\n') ++line_;
        if (in_text) {
            if (byte == '"') in_text = false;
            if (byte == '\\' && has_byte()) ++at_;
        } else if (byte == '"') {
            in_text = true;
        } else if (byte == '{' || byte == '[') {
            ++depth;
        } else if (byte == '}' || byte == ']') {
            --depth;
        }
    } while (depth > 0);
}

bool DocumentReader::has_byte() { return at_ < kept_.size() || read_more(); }

bool DocumentReader::read_more() {
    kept_.erase(0, begin_);
    at_ -= std::exchange(begin_, 0);
    const bool is_first = bytes_ == 0;
    const std::size_t wanted = is_first ? kSignatureBytes : 1;
    const std::size_t size = kept_.size();
    while (kept_.size() < size + wanted) {
        const std::size_t kept = kept_.size();
        kept_.resize(kept + kPieceBytes);
        const ssize_t count = ::read(fd_, kept_.data() + kept, kPieceBytes);
        kept_.resize(kept + static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
        if (count < 0 && errno != EINTR)
            throw std::runtime_error(
                fmt::format("{}: cannot be read: {}", name_, std::generic_category().message(errno)));
        if (count == 0) break;
    }
    bytes_ += kept_.size() - size;
    if (is_first) check_begin();
    return at_ < kept_.size();
}

/// Recognizes common wrong formats, for a clear error.
void DocumentReader::check_begin() {
    if (const std::string fault = wrong_format(kept_); !fault.empty())
        throw std::runtime_error(fmt::format("{}: {}", name_, fault));
    at_ = kept_.size() - without_byte_order_mark(kept_).size();
}

void DocumentReader::fail(std::uint64_t line, std::string_view what) const {
    throw std::runtime_error(fmt::format("{}: line {}: {}", name_, line, what));
}

std::optional<double> DocumentReader::share() const {
    struct stat status{};
    if (::fstat(fd_, &status) != 0 || !S_ISREG(status.st_mode) || status.st_size == 0) return std::nullopt;
    return static_cast<double>(bytes_) / static_cast<double>(status.st_size);
}

}  // namespace globes::maintenance
