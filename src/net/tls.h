// TLS on the server's side, by OpenSSL: the certificate with the settings of all connections, and the state of one
// connection. A connection holds no buffer while it is idle; only what its socket has not taken waits in it.
#pragma once

#include <openssl/types.h>
#include <sys/types.h>

#include <array>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace globes::net {

/// A certificate or a key that cannot be used. The text names the key of config.json, the file and the cause.
class CertificateError : public std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// A certificate with its key, and the settings of every connection that uses it: TLS 1.2 and 1.3, ciphers with forward
/// secrecy, ALPN `http/1.1`, no renegotiation, no compression, tickets instead of stored sessions. Immutable.
/// Thread: any.
class TlsContext {
public:
    /// `certificate`: a PEM file with the certificate, followed by its chain. `key`: a PEM file with its key, without a
    /// passphrase. Blocks while it reads them. Errors: throws CertificateError.
    TlsContext(const std::filesystem::path& certificate, const std::filesystem::path& key);

    /// When the certificate expires, and from when on it is valid.
    UnixMicros expires() const { return expires_; }
    UnixMicros valid_from() const { return valid_from_; }
    SSL_CTX* get() const { return context_.get(); }

private:
    struct Free {
        void operator()(SSL_CTX* context) const;
    };
    std::unique_ptr<SSL_CTX, Free> context_;
    UnixMicros expires_ = 0;
    UnixMicros valid_from_ = 0;
};

/// Buffers that the TLS connections of an I/O thread share. Thread: that one.
class TlsBuffers {
public:
    static constexpr std::size_t kRecordBytes = std::size_t{16} << 10;    ///< The plaintext of the largest record.
    static constexpr std::size_t kReceivedBytes = std::size_t{32} << 10;  ///< Of one read from a socket.

    std::span<char> received();
    std::span<char> record();

private:
    std::vector<char> bytes_;  // allocated at the first use: most servers have no TLS
};

/// Finds a ClientHello that is too large before OpenSSL does: OpenSSL reserves 131 kB as soon as its length is known.
/// Reads what a client sends before its records are encrypted. Thread: any.
class ClientHelloGuard {
public:
    /// Of a ClientHello. Usual ones have 0.5 to 2 KiB, with a ticket and post-quantum keys.
    static constexpr std::size_t kMaxBytes = std::size_t{16} << 10;

    /// The next bytes from the client, split anywhere. Returns false if a handshake message is announced that is larger
    /// than `kMaxBytes`.
    bool accept(std::string_view bytes);

private:
    bool accept_handshake(std::string_view bytes);

    static constexpr std::size_t kRecordHead = 5;   // type, version, length (RFC 8446, 5.1)
    static constexpr std::size_t kMessageHead = 4;  // type, length (4)
    std::array<unsigned char, kRecordHead> record_head_{};
    std::array<unsigned char, kMessageHead> message_head_{};
    std::size_t record_head_size_ = 0;
    std::size_t message_head_size_ = 0;
    std::size_t record_left_ = 0;
    std::size_t message_left_ = 0;
};

/// The encryption of one connection. Owned by its socket (net/stream_socket.h), which owns the descriptor, too. The
/// handshake is a part of the first calls of `receive`. Thread: the I/O thread.
class TlsConnection {
public:
    /// `fd`: a connected, non-blocking stream socket. It and `buffers` MUST outlive this.
    TlsConnection(const TlsContext& context, int fd, TlsBuffers& buffers);
    ~TlsConnection();
    TlsConnection(const TlsConnection&) = delete;
    TlsConnection& operator=(const TlsConnection&) = delete;

    /// Reads from the socket once and decrypts all of it. `buffer`: at least `kRecordBytes` and one byte.
    /// Returns as recv(2): 0 at the end, -1 with `errno`: EAGAIN if there is no plaintext yet, EPROTO if the peer
    /// violates TLS, after an alert was sent to it, or without one if its ClientHello is too large.
    ssize_t receive(std::span<char> buffer);
    /// Encrypts and sends `parts`, in records of at most `kRecordBytes`, until the socket is full. Returns how many
    /// bytes were encrypted; the end of the last record may wait in `unsent`. Returns -1 with `errno` if nothing was:
    /// EAGAIN if the socket is full, otherwise the connection is lost.
    ssize_t send(std::span<const std::string_view> parts);

    bool is_handshaking() const;
    /// The size of what is encrypted and waits for room in the socket.
    std::size_t unsent() const { return unsent_.size(); }
    /// Sends it. Returns false with `errno` if some is left: EAGAIN, or the connection is lost.
    bool flush();
    /// Tells the peer that nothing more follows (close_notify), if the socket has room.
    void close_notify();

private:
    struct Free {
        void operator()(SSL* connection) const;
    };
    struct SocketBio;
    bool take(std::string_view encrypted);
    std::string_view next_record(std::span<const std::string_view> parts, std::size_t skip);

    const int fd_;
    TlsBuffers& buffers_;
    std::unique_ptr<SSL, Free> connection_;
    std::string_view received_;  // encrypted input that OpenSSL has not read; empty between calls
    std::string unsent_;
    ClientHelloGuard hello_;
    int error_ = 0;  // of the socket, or EPROTO; the connection is lost
    int key_updates_ = 0;
    bool has_ended_ = false;
};

}  // namespace globes::net
