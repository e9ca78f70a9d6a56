#include "base/secret_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <system_error>

#include "base/file.h"
#include "base/logging.h"
#include "base/random.h"
#include "base/text.h"

namespace globes {
namespace {

constexpr std::size_t kRandomBytes = 32;
constexpr std::size_t kMaxSecretFileBytes = 4096;

[[noreturn]] void fail(const std::filesystem::path& path, std::string_view what, int error) {
    throw std::runtime_error(fmt::format("{}: {}: {}", path.string(), what, std::generic_category().message(error)));
}

/// A file name that is removed at the end of the scope.
class TemporaryName {
public:
    explicit TemporaryName(std::filesystem::path path) : path_(std::move(path)) {}
    ~TemporaryName() { ::unlink(path_.c_str()); }
    TemporaryName(const TemporaryName&) = delete;
    TemporaryName& operator=(const TemporaryName&) = delete;
    const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

/// Empty if the file does not exist.
std::optional<std::string> read_secret(const std::filesystem::path& path) {
    const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (file.get() < 0) {
        if (errno == ENOENT) return std::nullopt;
        fail(path, "cannot be opened", errno);
    }
    std::string secret(kMaxSecretFileBytes, '\0');
    const auto size = ::read(file.get(), secret.data(), secret.size());
    if (size < 0) fail(path, "cannot be read", errno);
    secret.resize(static_cast<std::size_t>(size));
    secret = std::string(trim_ascii(secret));
    if (secret.size() < kMinSecretFileBytes)
        throw std::runtime_error(
            fmt::format("{}: must contain at least {} characters; delete it to create a new one "
                        "(this invalidates all tokens)",
                        path.string(), kMinSecretFileBytes));
    struct stat status{};
    if (::fstat(file.get(), &status) == 0 && (status.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        spdlog::warn("event=secret_exposed file={} reason=\"other users may read it; chmod 600\"",
                     log_value(path.string()));
    return secret;
}

/// Does not change an existing file.
void make_secret(const std::filesystem::path& path) {
    std::string name = path.string() + ".XXXXXX";
    const FileDescriptor file(::mkostemp(name.data(), O_CLOEXEC));  // Mode 0600.
    if (file.get() < 0) fail(path, "cannot be created", errno);
    const TemporaryName temporary(name);
    if (!write_all(file.get(), random_hex(kRandomBytes) + '\n') || ::fsync(file.get()) != 0)
        fail(path, "cannot be written", errno);
    // A link instead of a rename: the first file is kept, so two servers that start at the same time use the same
    // secret.
    if (::link(temporary.path().c_str(), path.c_str()) != 0 && errno != EEXIST) fail(path, "cannot be created", errno);
    const FileDescriptor folder(::open(path.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (folder.get() < 0 || ::fsync(folder.get()) != 0) fail(path, "cannot be written", errno);
}

}  // namespace

Secret load_or_make_secret(const std::filesystem::path& data_dir) {
    make_private_folder(data_dir);
    const auto path = data_dir / "secret";
    if (auto text = read_secret(path)) return {.text = *std::move(text), .is_new = false};
    make_secret(path);
    if (auto text = read_secret(path)) return {.text = *std::move(text), .is_new = true};
    throw std::runtime_error(path.string() + ": disappeared while it was created");
}

}  // namespace globes
