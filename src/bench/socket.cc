#include "bench/socket.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <cerrno>
#include <new>
#include <stdexcept>
#include <system_error>

namespace globes::bench {
namespace {

void set_option(int fd, int level, int name, int value) { ::setsockopt(fd, level, name, &value, sizeof value); }

const sockaddr* as_sockaddr(const sockaddr_in& address) { return reinterpret_cast<const sockaddr*>(&address); }

SSL_CTX* tls_context() {
    static SSL_CTX* const context = [] {
        SSL_CTX* made = SSL_CTX_new(TLS_client_method());
        if (made == nullptr) throw std::runtime_error("OpenSSL cannot be used");
        SSL_CTX_set_mode(
            made, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
        return made;
    }();
    return context;
}

/// The result of a call of OpenSSL as that of a system call.
ssize_t outcome(SSL* tls, int result) {
    if (result > 0) return result;
    const int error = SSL_get_error(tls, result);
    if (error == SSL_ERROR_ZERO_RETURN) return 0;
    errno = error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ? EAGAIN : EPROTO;
    return -1;
}

}  // namespace

void Socket::FreeTls::operator()(SSL* tls) const { SSL_free(tls); }

void Socket::use_tls() {
    tls_.reset(SSL_new(tls_context()));
    if (tls_ == nullptr || SSL_set_fd(tls_.get(), fd()) != 1) throw std::bad_alloc();
    SSL_set_connect_state(tls_.get());
}

ssize_t Socket::send(std::string_view bytes) const {
    if (tls_ == nullptr) return ::send(fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    ERR_clear_error();
    return outcome(tls_.get(), SSL_write(tls_.get(), bytes.data(), static_cast<int>(bytes.size())));
}

ssize_t Socket::receive(std::span<char> buffer) const {
    if (tls_ == nullptr) return ::recv(fd(), buffer.data(), buffer.size(), 0);
    ERR_clear_error();
    return outcome(tls_.get(), SSL_read(tls_.get(), buffer.data(), static_cast<int>(buffer.size())));
}

void Socket::reset() {
    tls_ = nullptr;
    if (!descriptor_.is_open()) return;
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(fd(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    descriptor_ = {};
}

sockaddr_in make_endpoint(const std::string& host, std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    if (::inet_pton(AF_INET, host.c_str(), &address.sin_addr) != 1) {
        throw std::runtime_error("not an IPv4 address: " + host);
    }
    return address;
}

sockaddr_in source_address(std::uint32_t i) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK + i);
    return address;
}

Socket start_connect(const sockaddr_in& server, const sockaddr_in* source, int receive_bytes) {
    Socket socket(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!socket) return {};
    set_option(socket.fd(), IPPROTO_TCP, TCP_NODELAY, 1);
    if (receive_bytes > 0) set_option(socket.fd(), SOL_SOCKET, SO_RCVBUF, receive_bytes);
    if (source != nullptr) {
        // The port is chosen by connect, so that one port may serve several destinations and none is searched twice.
        set_option(socket.fd(), IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
        if (::bind(socket.fd(), as_sockaddr(*source), sizeof *source) != 0) return {};
    }
    if (::connect(socket.fd(), as_sockaddr(server), sizeof server) != 0 && errno != EINPROGRESS) return {};
    return socket;
}

Socket connect_blocking(const sockaddr_in& server) {
    Socket socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!socket || ::connect(socket.fd(), as_sockaddr(server), sizeof server) != 0) {
        throw std::system_error(errno, std::generic_category(), "cannot connect to the server");
    }
    set_option(socket.fd(), IPPROTO_TCP, TCP_NODELAY, 1);
    return socket;
}

}  // namespace globes::bench
