// The system calls for TCP that globes-bench needs, and TLS on top of them. Failures at start-up are exceptions,
// because a measurement is not possible then. A socket has one owner, and that owner's thread uses it.
#pragma once

#include <netinet/in.h>
#include <openssl/types.h>
#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/file.h"

namespace globes::bench {

/// Owns a file descriptor. Sockets are closed with a reset: thousands of them in TIME_WAIT would exhaust the ports of
/// the next run.
class Socket {
public:
    Socket() = default;
    explicit Socket(int fd) : descriptor_(fd) {}
    Socket(Socket&&) noexcept = default;
    Socket& operator=(Socket&&) noexcept = default;
    ~Socket() { reset(); }

    int fd() const { return descriptor_.get(); }
    explicit operator bool() const { return descriptor_.is_open(); }
    void reset();

    /// From now on `send` and `receive` use TLS, and the handshake is a part of them. The certificate is not verified.
    void use_tls();
    /// As send(2) and recv(2). `buffer` of a receive with TLS: at least 16 KiB, or nothing is received into its end.
    ssize_t send(std::string_view bytes) const;
    ssize_t receive(std::span<char> buffer) const;

private:
    struct FreeTls {
        void operator()(SSL* tls) const;
    };

    FileDescriptor descriptor_;
    std::unique_ptr<SSL, FreeTls> tls_;  // null without TLS
};

/// Throws std::runtime_error if `host` is not an IPv4 address.
sockaddr_in make_endpoint(const std::string& host, std::uint16_t port);

/// The `i`-th address of 127.0.0.0/24 from 127.0.0.1 on, any port.
sockaddr_in source_address(std::uint32_t i);

/// Starts a non-blocking connect without Nagle's delay. `receive_bytes`: SO_RCVBUF, 0 keeps the default. Empty with
/// errno set if it failed at once.
Socket start_connect(const sockaddr_in& server, const sockaddr_in* source, int receive_bytes);

/// Blocking. Throws std::system_error.
Socket connect_blocking(const sockaddr_in& server);

}  // namespace globes::bench
