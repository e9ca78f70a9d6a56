#include "net/tls.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/socket.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <new>
#include <utility>

#include "base/file.h"

namespace globes::net {
namespace {

// Forward secrecy and authenticated encryption. The first that the client supports counts, except that ChaCha20 comes
// first for a client that prefers it, because its processor has no AES.
constexpr const char* kCiphers12 =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-CHACHA20-POLY1305:"
    "ECDHE-RSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384";
constexpr const char* kCiphers13 = "TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_256_GCM_SHA384";
// What may wait for room in the socket: a record, and the messages of TLS itself.
constexpr std::size_t kMaxUnsent = std::size_t{64} << 10;
// From the peer. An honest one updates them after gigabytes.
constexpr int kMaxKeyUpdates = 100;

/// The cause of a failure of OpenSSL: the first of its errors, to which the others only add where it occurred.
std::string openssl_reason() {
    const unsigned long code = ERR_peek_error();
    ERR_clear_error();
    if (ERR_SYSTEM_ERROR(code)) return std::strerror(ERR_GET_REASON(code));
    const char* reason = ERR_reason_error_string(code);
    return reason == nullptr ? "unknown error" : reason;
}

[[noreturn]] void refuse(std::string_view key, const std::filesystem::path& file, const std::string& reason) {
    throw CertificateError(fmt::format("{}: {}: {}", key, file.string(), reason));
}

/// A server has no terminal to ask for a passphrase at. `asked`: a bool, set if one is needed.
int no_passphrase(char*, int, int, void* asked) {
    *static_cast<bool*>(asked) = true;
    return -1;
}

/// So that a file that is absent or secret is not reported as one with a wrong content.
void need_readable(std::string_view key, const std::filesystem::path& file) {
    const FileDescriptor opened(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
    if (!opened.is_open()) refuse(key, file, fmt::format("cannot be opened: {}", std::strerror(errno)));
    std::error_code ignored;
    if (std::filesystem::is_directory(file, ignored)) refuse(key, file, "is a folder, not a file");
}

UnixMicros time_of(const ASN1_TIME* time) {
    std::tm parts{};
    if (ASN1_TIME_to_tm(time, &parts) != 1) return 0;
    return UnixMicros{1'000'000} * ::timegm(&parts);
}

/// HTTP/2 has no WebSockets here. A client that offers other protocols only gets the alert no_application_protocol.
int select_protocol(SSL*, const unsigned char** selected, unsigned char* size, const unsigned char* offered,
                    unsigned int offered_size, void*) {
    constexpr std::string_view kProtocols = "\x08http/1.1";
    unsigned char* found = nullptr;
    if (SSL_select_next_proto(&found, size, reinterpret_cast<const unsigned char*>(kProtocols.data()),
                              static_cast<unsigned>(kProtocols.size()), offered,
                              offered_size) != OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    *selected = found;
    return SSL_TLSEXT_ERR_OK;
}

bool is_temporary(int error) { return error == EAGAIN || error == EWOULDBLOCK || error == EINTR; }

}  // namespace

// --- the certificate -------------------------------------------------------------------------------------------------

void TlsContext::Free::operator()(SSL_CTX* context) const { SSL_CTX_free(context); }

TlsContext::TlsContext(const std::filesystem::path& certificate, const std::filesystem::path& key)
    : context_(SSL_CTX_new(TLS_server_method())) {
    SSL_CTX* const context = context_.get();
    if (context == nullptr) throw std::bad_alloc();
    ERR_clear_error();  // of earlier calls
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                                     SSL_OP_PRIORITIZE_CHACHA);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(context, 1);
    SSL_CTX_set_alpn_select_cb(context, select_protocol, nullptr);
    bool needs_passphrase = false;
    SSL_CTX_set_default_passwd_cb(context, no_passphrase);
    SSL_CTX_set_default_passwd_cb_userdata(context, &needs_passphrase);
    if (SSL_CTX_set_cipher_list(context, kCiphers12) != 1 || SSL_CTX_set_ciphersuites(context, kCiphers13) != 1)
        throw std::runtime_error(fmt::format("OpenSSL: {}", openssl_reason()));
    need_readable("TLSCert", certificate);
    need_readable("TLSKey", key);
    if (SSL_CTX_use_certificate_chain_file(context, certificate.c_str()) != 1)
        refuse("TLSCert", certificate, fmt::format("is not a usable certificate in PEM: {}", openssl_reason()));
    // The second call finds a key of another kind than that of the certificate.
    if (SSL_CTX_use_PrivateKey_file(context, key.c_str(), SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_check_private_key(context) != 1)
        refuse(
            "TLSKey", key,
            needs_passphrase
                ? "has a passphrase, which a server cannot ask for; remove it with: openssl pkey -in FILE -out NEW_FILE"
                : fmt::format("is not the key of {} in PEM without a passphrase: {}", certificate.string(),
                              openssl_reason()));
    SSL_CTX_set_default_passwd_cb_userdata(context, nullptr);
    const X509* const own = SSL_CTX_get0_certificate(context);
    assert(own != nullptr);
    valid_from_ = time_of(X509_get0_notBefore(own));
    expires_ = time_of(X509_get0_notAfter(own));
}

// --- buffers ---------------------------------------------------------------------------------------------------------

std::span<char> TlsBuffers::received() {
    if (bytes_.empty()) bytes_.resize(kReceivedBytes + kRecordBytes);
    return std::span(bytes_).first(kReceivedBytes);
}

std::span<char> TlsBuffers::record() {
    received();
    return std::span(bytes_).subspan(kReceivedBytes, kRecordBytes);
}

// --- the ClientHello -------------------------------------------------------------------------------------------------

bool ClientHelloGuard::accept(std::string_view bytes) {
    constexpr unsigned char kHandshake = 22;
    while (!bytes.empty()) {
        if (record_left_ == 0) {
            record_head_.at(record_head_size_++) = static_cast<unsigned char>(bytes.front());
            bytes.remove_prefix(1);
            if (record_head_size_ < kRecordHead) continue;
            record_head_size_ = 0;
            record_left_ = static_cast<std::size_t>(record_head_[3]) << 8 | record_head_[4];
            continue;
        }
        const std::string_view part = bytes.substr(0, record_left_);
        if (record_head_[0] == kHandshake && !accept_handshake(part)) return false;
        record_left_ -= part.size();
        bytes.remove_prefix(part.size());
    }
    return true;
}

bool ClientHelloGuard::accept_handshake(std::string_view bytes) {
    while (!bytes.empty()) {
        if (message_left_ == 0) {
            message_head_.at(message_head_size_++) = static_cast<unsigned char>(bytes.front());
            bytes.remove_prefix(1);
            if (message_head_size_ < kMessageHead) continue;
            message_head_size_ = 0;
            message_left_ = static_cast<std::size_t>(message_head_[1]) << 16 |
                            static_cast<std::size_t>(message_head_[2]) << 8 | message_head_[3];
            if (message_left_ > kMaxBytes) return false;
            continue;
        }
        const std::size_t count = std::min(message_left_, bytes.size());
        message_left_ -= count;
        bytes.remove_prefix(count);
    }
    return true;
}

// --- a connection ----------------------------------------------------------------------------------------------------

void TlsConnection::Free::operator()(SSL* connection) const { SSL_free(connection); }

/// What OpenSSL reads from and writes to: `received_` and the socket.
struct TlsConnection::SocketBio {
    static TlsConnection& connection(BIO* bio) { return *static_cast<TlsConnection*>(BIO_get_data(bio)); }

    static int read(BIO* bio, char* buffer, int size) {
        std::string_view& received = connection(bio).received_;
        BIO_clear_retry_flags(bio);
        if (connection(bio).error_ != 0) return -1;
        if (received.empty()) {
            BIO_set_retry_read(bio);
            return -1;
        }
        const std::size_t count = received.copy(buffer, static_cast<std::size_t>(size));
        received.remove_prefix(count);
        return static_cast<int>(count);
    }

    static int write(BIO* bio, const char* bytes, int size) {
        BIO_clear_retry_flags(bio);
        return connection(bio).take({bytes, static_cast<std::size_t>(size)}) ? size : -1;
    }

    /// Called for each message that is sent or received. Each update of the peer's keys costs more than a message.
    static void on_message(int is_sent, int, int type, const void* bytes, std::size_t size, SSL* tls, void*) {
        const bool is_update = is_sent == 0 && type == SSL3_RT_HANDSHAKE && size > 0 &&
                               *static_cast<const unsigned char*>(bytes) == SSL3_MT_KEY_UPDATE;
        if (!is_update) return;
        TlsConnection& self = connection(SSL_get_rbio(tls));
        if (++self.key_updates_ > kMaxKeyUpdates) self.error_ = EPROTO;
    }

    static const BIO_METHOD* method() {
        static const BIO_METHOD* const method = [] {
            BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "globes");
            if (made == nullptr) throw std::bad_alloc();
            BIO_meth_set_read(made, read);
            BIO_meth_set_write(made, write);
            BIO_meth_set_ctrl(made, [](BIO*, int command, long, void*) -> long { return command == BIO_CTRL_FLUSH; });
            return made;
        }();
        return method;
    }
};

TlsConnection::TlsConnection(const TlsContext& context, int fd, TlsBuffers& buffers)
    : fd_(fd), buffers_(buffers), connection_(SSL_new(context.get())) {
    BIO* const bio = connection_ == nullptr ? nullptr : BIO_new(SocketBio::method());
    if (bio == nullptr) throw std::bad_alloc();
    BIO_set_data(bio, this);
    BIO_set_init(bio, 1);
    SSL_set_bio(connection_.get(), bio, bio);
    SSL_set_msg_callback(connection_.get(), SocketBio::on_message);
    SSL_set_accept_state(connection_.get());
}

TlsConnection::~TlsConnection() = default;

bool TlsConnection::is_handshaking() const { return SSL_in_init(connection_.get()) != 0; }

/// Sends `encrypted` or keeps what the socket does not take, so that OpenSSL never has to repeat a record.
/// An exception must not pass through OpenSSL.
bool TlsConnection::take(std::string_view encrypted) {
    if (error_ != 0) return false;
    if (unsent_.empty()) {
        const ssize_t sent = ::send(fd_, encrypted.data(), encrypted.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent < 0 && !is_temporary(errno)) {
            error_ = errno;
            return false;
        }
        encrypted.remove_prefix(static_cast<std::size_t>(std::max<ssize_t>(sent, 0)));
    }
    if (encrypted.empty()) return true;
    if (unsent_.size() + encrypted.size() > kMaxUnsent) {
        error_ = ENOBUFS;
        return false;
    }
    try {
        unsent_.append(encrypted);
    } catch (const std::bad_alloc&) {
        error_ = ENOMEM;
        return false;
    }
    return true;
}

bool TlsConnection::flush() {
    if (error_ == 0 && !unsent_.empty()) {
        const ssize_t sent = ::send(fd_, unsent_.data(), unsent_.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent < 0 && !is_temporary(errno)) error_ = errno;
        if (sent > 0) unsent_.erase(0, static_cast<std::size_t>(sent));
        if (unsent_.empty()) std::string().swap(unsent_);  // frees the memory
    }
    if (error_ == 0 && unsent_.empty()) return true;
    errno = error_ != 0 ? error_ : EAGAIN;
    return false;
}

ssize_t TlsConnection::receive(std::span<char> buffer) {
    assert(buffer.size() > TlsBuffers::kRecordBytes && received_.empty());
    if (has_ended_) return 0;
    if (error_ == 0) {
        // A record whose start was received before may be decrypted too. So everything fits into `buffer`, and no
        // plaintext waits in OpenSSL, where no one would look for it before the next input.
        const std::span<char> input =
            buffers_.received().first(std::min(TlsBuffers::kReceivedBytes, buffer.size() - TlsBuffers::kRecordBytes));
        const ssize_t received = ::recv(fd_, input.data(), input.size(), MSG_DONTWAIT);
        if (received <= 0) return received;
        received_ = {input.data(), static_cast<std::size_t>(received)};
        // TLS 1.2 encrypts records of the same type later. TLS 1.3 may let a client repeat its ClientHello.
        const bool reads_hello = is_handshaking() && SSL_version(connection_.get()) != TLS1_2_VERSION;
        if (reads_hello && !hello_.accept(received_)) error_ = EPROTO;
    }
    std::size_t decrypted = 0;
    while (error_ == 0 && !has_ended_) {
        std::size_t count = 0;
        ERR_clear_error();
        if (SSL_read_ex(connection_.get(), buffer.data() + decrypted, buffer.size() - decrypted, &count) == 1) {
            decrypted += count;
            continue;
        }
        const int outcome = SSL_get_error(connection_.get(), 0);
        if (outcome == SSL_ERROR_WANT_READ) break;
        if (outcome == SSL_ERROR_ZERO_RETURN) {
            has_ended_ = true;
        } else if (error_ == 0) {
            error_ = EPROTO;
        }
    }
    ERR_clear_error();
    received_ = {};
    // Makes the socket readable, so that the caller learns of the end when it has handled the last bytes.
    if (decrypted > 0 && (has_ended_ || error_ != 0)) ::shutdown(fd_, SHUT_RD);
    if (decrypted > 0) return static_cast<ssize_t>(decrypted);
    if (has_ended_) return 0;
    errno = error_ != 0 ? error_ : EAGAIN;
    return -1;
}

/// The next plaintext of `parts`, without the first `skip` bytes and at most a record. A single part is not copied.
std::string_view TlsConnection::next_record(std::span<const std::string_view> parts, std::size_t skip) {
    if (parts.size() == 1) return parts.front().substr(skip, TlsBuffers::kRecordBytes);
    const std::span<char> record = buffers_.record();
    std::size_t size = 0;
    for (std::string_view part : parts) {
        const std::size_t skipped = std::min(skip, part.size());
        skip -= skipped;
        part.remove_prefix(skipped);
        size += part.copy(record.data() + size, record.size() - size);
    }
    return {record.data(), size};
}

ssize_t TlsConnection::send(std::span<const std::string_view> parts) {
    if (!flush()) return -1;
    std::size_t encrypted = 0;
    while (unsent_.empty()) {
        const std::string_view next = next_record(parts, encrypted);
        if (next.empty()) break;
        std::size_t count = 0;
        ERR_clear_error();
        if (SSL_write_ex(connection_.get(), next.data(), next.size(), &count) != 1) {
            ERR_clear_error();
            if (error_ == 0) error_ = EPROTO;
            break;
        }
        encrypted += count;
    }
    if (encrypted > 0) return static_cast<ssize_t>(encrypted);
    errno = error_;
    return error_ == 0 ? 0 : -1;
}

void TlsConnection::close_notify() {
    if (error_ != 0 || is_handshaking() || !unsent_.empty()) return;
    ERR_clear_error();
    SSL_shutdown(connection_.get());
    ERR_clear_error();
}

}  // namespace globes::net
