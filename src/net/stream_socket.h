// The socket of a connection, plain or with TLS, with the calls of a plain one. Owned by the session of the connection.
// Thread: the I/O thread.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

#include "base/file.h"
#include "net/tls.h"

namespace globes::net {

/// Where the bytes of a connection go. Valid as long as its socket. A value that a topic keeps for each cursor.
struct SendTarget {
    int fd = -1;
    TlsConnection* tls = nullptr;  ///< Null: plain.
};

class StreamSocket {
public:
    StreamSocket() = default;
    /// A plain one. `socket`: a connected, non-blocking stream socket. Implicit, because every
    /// owner of a socket accepts a plain one.
    StreamSocket(FileDescriptor socket) : socket_(std::move(socket)) {}
    /// With TLS. `buffers` MUST outlive the socket.
    StreamSocket(FileDescriptor socket, const TlsContext& context, TlsBuffers& buffers);

    bool is_open() const { return socket_.is_open(); }
    int fd() const { return socket_.get(); }
    SendTarget target() const { return {.fd = fd(), .tls = tls_.get()}; }
    bool is_encrypted() const { return tls_ != nullptr; }
    bool is_handshaking() const { return tls_ != nullptr && tls_->is_handshaking(); }
    /// Whether the client speaks without TLS to a socket that expects it. Then the socket is a plain one, so that the
    /// client can be told.
    bool lacks_tls() const { return lacks_tls_; }

    /// As recv(2); see TlsConnection::receive.
    ssize_t receive(std::span<char> buffer);
    /// As send(2). With TLS, the end of what was sent may wait in `unsent`.
    ssize_t send(std::string_view bytes);
    /// The number of bytes that `send` or `receive` has produced and the socket has not taken; 0 without TLS. While it
    /// is not 0, `send` sends nothing else. The caller waits until the socket is writable and calls `flush`.
    std::size_t unsent() const { return tls_ == nullptr ? 0 : tls_->unsent(); }
    /// Returns whether nothing is unsent any more, otherwise `errno`: EAGAIN, or the connection is lost.
    bool flush() { return tls_ == nullptr || tls_->flush(); }
    /// Sends the end of the stream, a FIN. Returns false if the connection is lost.
    bool shut_down_sending();

private:
    bool starts_with_tls();

    FileDescriptor socket_;
    bool is_new_ = false;  // expects TLS and has not received a byte
    bool lacks_tls_ = false;
    std::unique_ptr<TlsConnection> tls_;  // null: plain
};

}  // namespace globes::net
