// The socket of an HTTP connection. It joins the thread's loop when it has to wait for the first time: a request is
// mostly there as soon as its connection, and a chat connection leaves HTTP with it, so most of those never join.
// Owned by its session; I/O thread only.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/system/error_code.hpp>
#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

namespace globes::net {

class HttpSocket {
public:
    using Wait = boost::asio::posix::descriptor_base::wait_type;
    static constexpr Wait kReadable = Wait::wait_read;
    static constexpr Wait kWritable = Wait::wait_write;

    /// Takes over `fd`, a connected stream socket that does not block. `context` outlives this.
    HttpSocket(boost::asio::io_context& context, int fd) : context_(context), fd_(fd) {}
    ~HttpSocket() { close(); }
    HttpSocket(const HttpSocket&) = delete;
    HttpSocket& operator=(const HttpSocket&) = delete;

    /// Bytes read or taken. Errors: `would_block`, `eof`, and those of recv(2) and send(2); then 0.
    std::size_t read(std::span<char> buffer, boost::system::error_code& error) const;
    std::size_t write(std::string_view bytes, boost::system::error_code& error) const;

    /// Calls `done` with an error code, in the loop, never from here. `cancel` and `close` end the wait with one.
    template <typename Done>
    void wait(Wait what, Done done) {
        join_loop();
        waiter_->async_wait(what, std::move(done));
    }
    void cancel();

    /// Tells the peer that nothing more is coming (FIN).
    void shut_down_sending(boost::system::error_code& error) const;
    void close();
    /// Leaves the loop and gives the socket away; -1 where it is closed.
    int release();

private:
    void join_loop();
    bool has_joined() const { return waiter_ && waiter_->is_open(); }

    boost::asio::io_context& context_;
    int fd_;                                                       // -1 once it is closed or released
    std::optional<boost::asio::posix::stream_descriptor> waiter_;  // from the first wait on
};

}  // namespace globes::net
