// A certificate of its own for each test process, and the client's side of TLS on a socket that does not block.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "net/tls.h"

namespace globes::net {

/// PEM files in a folder that is removed with it.
struct TestCertificate {
    /// `curve`: of the key. `days`: its life from now on.
    explicit TestCertificate(const char* curve = "P-256", long days = 1)
        : folder(std::filesystem::temp_directory_path() / ("globes-tls-" + std::to_string(::getpid()) + '-' + next())) {
        std::filesystem::create_directory(folder);
        EVP_PKEY* const pair = EVP_EC_gen(curve);
        X509* const certificate = X509_new();
        X509_set_version(certificate, 2);
        X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
        X509_gmtime_adj(X509_getm_notAfter(certificate), days * 86'400);
        X509_set_pubkey(certificate, pair);
        if (X509_sign(certificate, pair, EVP_sha256()) == 0) std::abort();
        std::FILE* const cert_out = std::fopen(cert().c_str(), "w");
        PEM_write_X509(cert_out, certificate);
        std::fclose(cert_out);
        std::FILE* const key_out = std::fopen(key().c_str(), "w");
        PEM_write_PrivateKey(key_out, pair, nullptr, nullptr, 0, nullptr, nullptr);
        std::fclose(key_out);
        X509_free(certificate);
        EVP_PKEY_free(pair);
    }
    ~TestCertificate() { std::filesystem::remove_all(folder); }
    TestCertificate(const TestCertificate&) = delete;
    TestCertificate& operator=(const TestCertificate&) = delete;

    std::filesystem::path cert() const { return folder / "cert.pem"; }
    std::filesystem::path key() const { return folder / "key.pem"; }

    const std::filesystem::path folder;

private:
    static std::string next() {
        static int number = 0;
        return std::to_string(++number);
    }
};

inline const TlsContext& test_tls() {
    static const TestCertificate certificate;
    static const TlsContext context(certificate.cert(), certificate.key());
    return context;
}

class TlsClient {
public:
    /// `fd` MUST outlive this.
    explicit TlsClient(int fd, int max_version = TLS1_3_VERSION) : context_(SSL_CTX_new(TLS_client_method())) {
        SSL_CTX_set_max_proto_version(context_.get(), max_version);
        // Otherwise OpenSSL itself refuses to begin with an older version.
        if (max_version < TLS1_2_VERSION) SSL_CTX_set_cipher_list(context_.get(), "DEFAULT@SECLEVEL=0");
        SSL_CTX_set_mode(context_.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
        connection_.reset(SSL_new(context_.get()));
        ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
        SSL_set_fd(connection_.get(), fd);
        SSL_set_connect_state(connection_.get());
    }

    /// Continues the handshake. Returns whether it is complete.
    bool handshake() { return SSL_do_handshake(connection_.get()) == 1; }
    /// As send(2) and recv(2): -1 with EAGAIN if nothing is possible now.
    ssize_t send(std::string_view bytes) {
        return outcome(SSL_write(connection_.get(), bytes.data(), static_cast<int>(bytes.size())));
    }
    ssize_t receive(std::span<char> buffer) {
        return outcome(SSL_read(connection_.get(), buffer.data(), static_cast<int>(buffer.size())));
    }
    std::uint64_t bytes_from_socket() const { return BIO_number_read(SSL_get_rbio(connection_.get())); }
    /// Asks the server to update its keys too, with the next `send`.
    void update_keys() { SSL_key_update(connection_.get(), SSL_KEY_UPDATE_REQUESTED); }
    void close_notify() { SSL_shutdown(connection_.get()); }

private:
    struct Free {
        void operator()(SSL* connection) const { SSL_free(connection); }
        void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
    };
    ssize_t outcome(int result) {
        if (result > 0) return result;
        const int error = SSL_get_error(connection_.get(), result);
        if (error == SSL_ERROR_ZERO_RETURN) return 0;
        errno = error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ? EAGAIN : EPROTO;
        return -1;
    }

    std::unique_ptr<SSL_CTX, Free> context_;
    std::unique_ptr<SSL, Free> connection_;
};

}  // namespace globes::net
