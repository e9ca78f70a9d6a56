#include "net/certificate_files.h"

#include <utility>

namespace globes::net {
namespace {

bool is_same_time(const timespec& one, const timespec& other) {
    return one.tv_sec == other.tv_sec && one.tv_nsec == other.tv_nsec;
}

}  // namespace

CertificateFiles::CertificateFiles(std::filesystem::path certificate, std::filesystem::path key)
    : certificate_(std::move(certificate)), key_(std::move(key)) {}

std::shared_ptr<const TlsContext> CertificateFiles::load() {
    // Before the files are read: what is written meanwhile counts as a change.
    certificate_state_ = state_of(certificate_);
    key_state_ = state_of(key_);
    has_failed_ = true;
    auto loaded = std::make_shared<const TlsContext>(certificate_, key_);
    has_failed_ = false;
    return loaded;
}

bool CertificateFiles::have_changed() const {
    return has_failed_ || !is_same(state_of(certificate_), certificate_state_) || !is_same(state_of(key_), key_state_);
}

CertificateFiles::State CertificateFiles::state_of(const std::filesystem::path& file) {
    struct stat state{};
    return ::stat(file.c_str(), &state) == 0 ? State(state) : std::nullopt;
}

bool CertificateFiles::is_same(const State& one, const State& other) {
    if (!one || !other) return one.has_value() == other.has_value();
    return one->st_dev == other->st_dev && one->st_ino == other->st_ino && one->st_size == other->st_size &&
           is_same_time(one->st_mtim, other->st_mtim) && is_same_time(one->st_ctim, other->st_ctim);
}

}  // namespace globes::net
