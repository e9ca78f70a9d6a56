#include "net/stream_socket.h"

#include <sys/socket.h>

#include <utility>

namespace globes::net {

StreamSocket::StreamSocket(FileDescriptor socket, const TlsContext& context, TlsBuffers& buffers)
    : socket_(std::move(socket)),
      is_new_(true),
      tls_(std::make_unique<TlsConnection>(context, socket_.get(), buffers)) {}

ssize_t StreamSocket::receive(std::span<char> buffer) {
    if (is_new_ && !starts_with_tls()) return -1;
    if (tls_ != nullptr) return tls_->receive(buffer);
    return ::recv(fd(), buffer.data(), buffer.size(), MSG_DONTWAIT);
}

/// Looks at the first byte. Without one, returns false with `errno`. If it is not the type of a handshake record (RFC
/// 8446, 5.1), which no HTTP request begins with, the socket becomes a plain one.
bool StreamSocket::starts_with_tls() {
    constexpr char kHandshake = 22;
    char first = kHandshake;
    if (::recv(fd(), &first, 1, MSG_DONTWAIT | MSG_PEEK) < 0) return false;
    is_new_ = false;
    lacks_tls_ = first != kHandshake;
    if (lacks_tls_) tls_ = nullptr;
    return true;
}

ssize_t StreamSocket::send(std::string_view bytes) {
    if (tls_ != nullptr) return tls_->send({&bytes, 1});
    return ::send(fd(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
}

bool StreamSocket::shut_down_sending() {
    if (tls_ != nullptr) tls_->close_notify();
    return ::shutdown(fd(), SHUT_WR) == 0;
}

}  // namespace globes::net
