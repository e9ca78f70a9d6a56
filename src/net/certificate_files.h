// The files of the server's certificate and its key. They are replaced while the server runs, usually by an ACME client
// every few weeks. Owned by the server. Thread: the one that calls it.
#pragma once

#include <sys/stat.h>

#include <filesystem>
#include <memory>
#include <optional>

#include "net/tls.h"

namespace globes::net {

class CertificateFiles {
public:
    /// PEM files, see TlsContext.
    CertificateFiles(std::filesystem::path certificate, std::filesystem::path key);

    /// Reads both files. Errors: throws CertificateError.
    std::shared_ptr<const TlsContext> load();
    /// Whether `load` may have another result than the last time: a file differs by its inode, size, or the time of its
    /// content or its attributes, or the last call has failed. What made it fail may be seen in neither file, such as
    /// the mode of a folder.
    bool have_changed() const;

private:
    using State = std::optional<struct stat>;
    static State state_of(const std::filesystem::path& file);
    static bool is_same(const State& one, const State& other);

    const std::filesystem::path certificate_;
    const std::filesystem::path key_;
    State certificate_state_;
    State key_state_;
    bool has_failed_ = false;
};

}  // namespace globes::net
