// The certificate that new connections get: read at start, and again when its files have changed or the operator asks
// for it. Owned by the server. Main thread, except `expires`.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/config.h"
#include "net/certificate_files.h"
#include "net/tls.h"

namespace globes {

class ServerCertificate {
public:
    /// Reads the files; without a certificate in `files`, the server has no TLS. Errors: throws net::CertificateError.
    ServerCertificate(const TlsFiles& files, const Clock& clock);

    /// Null without TLS.
    const std::shared_ptr<const net::TlsContext>& current() const { return current_; }
    /// Reads the files again. If they cannot be used, the old certificate stays, and the log has the reason. Returns
    /// whether `current` is another one now; false without TLS.
    bool reload();
    /// The same if the files have changed, or could not be used the last time. The log has the reason once.
    bool reload_if_changed();
    /// When the certificate that was read last expires; 0 without TLS. Any thread.
    UnixMicros expires() const { return expires_; }

private:
    std::shared_ptr<const net::TlsContext> load();
    bool try_to_load();

    const TlsFiles& files_;
    const Clock& clock_;
    net::CertificateFiles watched_;
    std::atomic<UnixMicros> expires_ = 0;
    std::string failure_;  // of the last load; empty without one
    std::shared_ptr<const net::TlsContext> current_;
};

}  // namespace globes
