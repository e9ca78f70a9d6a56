#include "server_certificate.h"

#include <spdlog/spdlog.h>

#include <utility>

#include "base/logging.h"

namespace globes {

ServerCertificate::ServerCertificate(const TlsFiles& files, const Clock& clock)
    : files_(files), clock_(clock), watched_(files.certificate, files.key) {
    if (!files.certificate.empty()) current_ = load();
}

std::shared_ptr<const net::TlsContext> ServerCertificate::load() {
    auto tls = watched_.load();
    expires_ = tls->expires();
    spdlog::info("event=certificate file={} expires={}", log_value(files_.certificate.string()),
                 format_rfc3339(tls->expires()));
    const UnixMicros now = clock_.now_us();
    if (now >= tls->expires() || now < tls->valid_from())
        spdlog::warn("event=certificate_not_valid reason=\"clients refuse it: it is valid from {} to {}\"",
                     format_rfc3339(tls->valid_from()), format_rfc3339(tls->expires()));
    return tls;
}

bool ServerCertificate::reload() {
    failure_.clear();
    return try_to_load();
}

bool ServerCertificate::reload_if_changed() { return watched_.have_changed() && try_to_load(); }

bool ServerCertificate::try_to_load() {
    if (current_ == nullptr) return false;
    try {
        current_ = load();
        failure_.clear();
        return true;
    } catch (const net::CertificateError& error) {
        if (std::exchange(failure_, error.what()) != error.what())
            spdlog::error("event=certificate_not_reloaded reason={}", log_value(error.what()));
        return false;
    }
}

}  // namespace globes
