#include "maintenance/files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <utility>

#include "base/file.h"
#include "base/text.h"

namespace globes::maintenance {
namespace {

constexpr std::size_t kPieceBytes = std::size_t{1} << 18;

[[noreturn]] void refuse_existing(const std::filesystem::path& file) {
    throw std::runtime_error(fmt::format("{}: exists already; --force overwrites it", file.string()));
}

[[noreturn]] void fail(const std::string& name, std::string_view what) {
    throw std::runtime_error(fmt::format("{}: {}: {}", name, what, std::generic_category().message(errno)));
}

/// A document's length in four bytes, then the type and the name of its first field.
bool is_bson(std::string_view begin) {
    constexpr std::string_view kTypes =
        "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0A\x0B\x0C\x0D\x0E\x0F\x10\x11\x12\x13\x7F\xFF";
    constexpr std::size_t kTypeAt = 4;
    return begin.size() >= kSignatureBytes && begin[kTypeAt - 1] == '\0' && kTypes.contains(begin[kTypeAt]) &&
           static_cast<unsigned char>(begin[kTypeAt + 1]) > ' ';
}

/// Creates the file, or opens the leftover of a process that was killed. In a folder that others can write to, such as
/// /tmp, the name may be a link to another file, which must not be overwritten, or a file of somebody who wants to read
/// what is written.
FileDescriptor open_own(const std::filesystem::path& file) {
    FileDescriptor opened(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600));
    if (!opened.is_open() && errno != ELOOP) fail(file, "cannot be created");
    struct stat status{};
    const bool is_own = opened.is_open() && ::fstat(opened.get(), &status) == 0 && S_ISREG(status.st_mode) &&
                        status.st_uid == ::geteuid() && status.st_nlink == 1;
    if (!is_own)
        throw std::runtime_error(fmt::format("{}: is a link or another user's file; remove it", file.string()));
    return opened;
}

}  // namespace

OutputFile::OutputFile(std::filesystem::path file, Existing existing)
    : file_(std::move(file)), partial_(file_.string() + ".partial"), existing_(existing) {
    std::error_code ignored;
    if (std::filesystem::is_directory(file_, ignored))
        throw std::runtime_error(fmt::format("{}: is a folder; name a file", file_.string()));
    // Checked before the work starts, and again at its end.
    if (existing == Existing::refuse && std::filesystem::exists(file_, ignored)) refuse_existing(file_);
    descriptor_ = open_own(partial_);
    if (::flock(descriptor(), LOCK_EX | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK)
            throw std::runtime_error(fmt::format("{}: another process is writing it", partial_.string()));
        fail(partial_, "cannot be locked");
    }
    // The file may be a leftover.
    if (::ftruncate(descriptor(), 0) != 0 || ::fchmod(descriptor(), 0600) != 0) fail(partial_, "cannot be written");
}

OutputFile::~OutputFile() {
    if (!is_finished_) ::unlink(partial_.c_str());
}

void OutputFile::finish() {
    if (::fsync(descriptor()) != 0) fail(partial_, "cannot be written");
    const auto written = state_of(descriptor());
    const auto named = state_of(partial_);
    if (!written || !named || written->identity != named->identity)
        throw std::runtime_error(fmt::format("{}: was removed or replaced while it was written", partial_.string()));
    // A link does not overwrite a file that was created meanwhile.
    if (existing_ == Existing::refuse) {
        if (::link(partial_.c_str(), file_.c_str()) != 0) {
            if (errno == EEXIST) refuse_existing(file_);
            fail(file_, "cannot be created");
        }
        ::unlink(partial_.c_str());
    } else if (::rename(partial_.c_str(), file_.c_str()) != 0) {
        fail(file_, "cannot be created");
    }
    is_finished_ = true;
    const auto folder = std::filesystem::absolute(file_).parent_path();
    const FileDescriptor opened(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!opened.is_open() || ::fsync(opened.get()) != 0) fail(folder, "cannot be synced");
}

std::string wrong_format(std::string_view begin) {
    constexpr std::string_view kOfText("{[ \t\r\n\0\xFE\xFF", 9);
    if (begin.starts_with("\x1F\x8B")) return "is compressed: decompress it with gunzip first";
    if (is_bson(begin)) return "is BSON, as mongodump writes it: convert it to JSON with bsondump first";
    const std::string_view encoding = wide_encoding(begin);
    if (encoding.empty() || !kOfText.contains(begin.front())) return {};
    return fmt::format("is {}, must be UTF-8", encoding);
}

void BufferedLineWriter::write(std::string_view line) {
    kept_.append(line).append(1, '\n');
    if (kept_.size() >= kPieceBytes) flush();
}

void BufferedLineWriter::flush() {
    if (!write_all(fd_, kept_)) fail(name_, "cannot be written");
    kept_.clear();
}

std::optional<std::string_view> LineReader::next() {
    if (number_ == 0) check_format();
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

/// Checks only the first bytes; the reader of the lines checks the rest.
void LineReader::check_format() {
    while (kept_.size() < kSignatureBytes && read_more()) {
    }
    if (const std::string fault = wrong_format(kept_); !fault.empty())
        throw std::runtime_error(fmt::format("{}: {}", name_, fault));
    begin_ = kept_.size() - without_byte_order_mark(kept_).size();
}

void LineReader::look_ahead(const std::function<bool(std::string_view)>& take) const {
    const off_t at = ::lseek(fd_, 0, SEEK_CUR);
    if (at < 0) return;
    LineReader ahead(fd_, name_);
    ahead.kept_ = kept_.substr(begin_);
    ahead.number_ = number_;
    const auto next = [&ahead]() -> std::optional<std::string_view> {
        try {
            return ahead.next();
        } catch (const std::runtime_error&) {
            return std::nullopt;  // When the line is read, `next` reports the fault.
        }
    };
    while (const auto line = next())
        if (!take(*line)) break;
    ::lseek(fd_, at, SEEK_SET);
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
