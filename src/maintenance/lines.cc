#include "maintenance/lines.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "base/unicode.h"

namespace globes::maintenance {
namespace {

constexpr std::size_t kPieceBytes = std::size_t{1} << 18;

[[noreturn]] void fail(const std::string& name, std::string_view what) {
    throw std::runtime_error(fmt::format("{}: {}: {}", name, what, std::generic_category().message(errno)));
}

}  // namespace

void LineWriter::write(std::string_view line) {
    kept_.append(line).append(1, '\n');
    if (kept_.size() >= kPieceBytes) flush();
}

void LineWriter::flush() {
    std::string_view rest = kept_;
    while (!rest.empty()) {
        const auto written = ::write(fd_, rest.data(), rest.size());
        if (written < 0 && errno != EINTR) fail(name_, "cannot be written");
        if (written > 0) rest.remove_prefix(static_cast<std::size_t>(written));
    }
    kept_.clear();
}

std::optional<std::string_view> LineReader::next() {
    if (number_ == 0) check_encoding();
    std::size_t searched = begin_;
    std::size_t end = 0;
    while ((end = kept_.find('\n', searched)) == std::string::npos) {
        const std::size_t length = kept_.size() - begin_;
        if (length > kMaxLineBytes)
            throw std::runtime_error(
                fmt::format("{}: line {}: is longer than {} bytes", name_, number_ + 1, kMaxLineBytes));
        if (!read_more()) {
            if (kept_.empty()) return std::nullopt;
            end = kept_.size();  // The last line, without an end.
            break;
        }
        searched = length;
    }
    const std::string_view line = std::string_view(kept_).substr(begin_, end - begin_);
    begin_ = std::min(end + 1, kept_.size());
    ++number_;
    return line;
}

/// Looks at the first bytes only; the reader of the lines checks the rest.
void LineReader::check_encoding() {
    constexpr std::size_t kMarkBytes = 4;
    while (kept_.size() < kMarkBytes && read_more()) {
    }
    if (const auto encoding = wide_encoding(kept_); !encoding.empty())
        throw std::runtime_error(fmt::format("{}: is {}, must be UTF-8", name_, encoding));
    begin_ = kept_.size() - without_byte_order_mark(kept_).size();
}

bool LineReader::read_more() {
    kept_.erase(0, std::exchange(begin_, 0));
    const std::size_t size = kept_.size();
    kept_.resize(size + kPieceBytes);
    ssize_t count = 0;
    do {
        count = ::read(fd_, kept_.data() + size, kPieceBytes);
    } while (count < 0 && errno == EINTR);
    kept_.resize(size + static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
    if (count < 0) fail(name_, "cannot be read");
    bytes_ += static_cast<std::uint64_t>(count);
    return count > 0;
}

std::optional<double> LineReader::share() const {
    struct stat status{};
    if (::fstat(fd_, &status) != 0 || !S_ISREG(status.st_mode) || status.st_size == 0) return std::nullopt;
    return static_cast<double>(bytes_) / static_cast<double>(status.st_size);
}

}  // namespace globes::maintenance
