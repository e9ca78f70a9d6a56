// The socket of an HTTP connection. It is added to the Asio loop at its first wait. Most requests arrive with their
// connection, and the upgrade of a chat connection is its first request, so most sockets are never added. Owned by its
// session. Thread: the I/O thread.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/system/error_code.hpp>
#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "net/stream_socket.h"

namespace globes::net {

class HttpSocket {
public:
    using Wait = boost::asio::posix::descriptor_base::wait_type;
    static constexpr Wait kReadable = Wait::wait_read;
    static constexpr Wait kWritable = Wait::wait_write;

    /// `context` MUST outlive this.
    HttpSocket(boost::asio::io_context& context, StreamSocket socket) : context_(context), socket_(std::move(socket)) {}
    ~HttpSocket() { close(); }
    HttpSocket(const HttpSocket&) = delete;
    HttpSocket& operator=(const HttpSocket&) = delete;

    /// Returns the number of bytes that were read or sent; 0 on error: `would_block`, `eof`, or an error of recv(2) or
    /// send(2).
    std::size_t read(std::span<char> buffer, boost::system::error_code& error);
    std::size_t write(std::string_view bytes, boost::system::error_code& error);
    /// Sends what `write` has left (StreamSocket::unsent). Error: `would_block`, or an error of send(2).
    void flush(boost::system::error_code& error);
    bool is_encrypted() const { return socket_.is_encrypted(); }
    /// How much larger the buffer of a read must be than what it reads: with TLS, a record that began before may end.
    std::size_t spare_bytes() const { return is_encrypted() ? TlsBuffers::kRecordBytes : 0; }
    bool is_handshaking() const { return socket_.is_handshaking(); }
    bool lacks_tls() const { return socket_.lacks_tls(); }
    /// The number of sent bytes that the peer's kernel has not acknowledged.
    std::size_t unacknowledged() const;

    /// Waits and then calls `done` from the loop, never from within this call. `cancel` and `close` end the wait with
    /// an error.
    template <typename Done>
    void wait(Wait what, Done done) {
        join_loop();
        waiter_->async_wait(what, std::move(done));
    }
    void cancel();

    /// Sends a FIN.
    void shut_down_sending(boost::system::error_code& error);
    void close();
    /// Removes the socket from the loop and returns it; not open if it was closed before.
    StreamSocket release();

private:
    void join_loop();

    boost::asio::io_context& context_;
    StreamSocket socket_;
    // Empty until the first wait. Does not own the socket.
    std::optional<boost::asio::posix::stream_descriptor> waiter_;
};

}  // namespace globes::net
