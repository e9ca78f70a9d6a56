// Reads the header of the PROXY protocol (net/proxy_header.h) from a connection that a trusted proxy has opened, before
// anything else reads from it. It takes exactly the bytes of the header, so that TLS or HTTP can follow. Owned by the
// hub. Thread: the I/O thread.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <cstddef>
#include <functional>
#include <memory>
#include <span>

#include "base/file.h"
#include "net/proxy_header.h"
#include "net/timer_wheel.h"

namespace globes::net {

/// What the readers of a thread share; outlives them.
struct ProxyHeaderContext {
    boost::asio::io_context& io;
    TimerWheel& wheel;
    std::span<char> buffer;  ///< For one look at a time; at least kMaxProxyHeaderV2 bytes.
    Tick idle_timeout;       ///< Until the first byte has arrived.
    Tick read_timeout;       ///< Until the header is complete.
};

class ProxyHeaderReader final : public std::enable_shared_from_this<ProxyHeaderReader>, private TimerWheel::Timer {
public:
    /// Called once, within `start` or later from the loop. `socket`: not open if the connection has ended, or if it
    /// took too long. `header`: none, complete or invalid.
    using Done = std::move_only_function<void(const std::shared_ptr<ProxyHeaderReader>& reader, FileDescriptor socket,
                                              const ProxyHeader& header)>;

    /// `socket`: a connected, non-blocking TCP socket.
    ProxyHeaderReader(const ProxyHeaderContext& context, FileDescriptor socket, Done done);

    void start();
    /// Closes the connection. `done` is not called.
    void close();

private:
    void on_timer(Tick now) override;
    void look();
    void wait_for(std::size_t bytes);
    void fail();
    void finish(const ProxyHeader& header);
    bool has_ended() const;

    const ProxyHeaderContext& context_;
    FileDescriptor socket_;
    boost::asio::posix::stream_descriptor waiter_;  // does not own the socket
    Done done_;                                     // null at the end
    std::size_t awaited_ = 0;                       // bytes; 0 before the first wait
};

}  // namespace globes::net
