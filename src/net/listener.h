// Accepts connections and distributes them round robin to the I/O threads. The server owns one listener for each
// address of its host name. Thread: the one that runs their context.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/config_values.h"
#include "base/file.h"
#include "base/ip_address.h"

namespace globes::net {

/// `socket`: an accepted one; non-blocking, close-on-exec.
using AcceptHandler = std::function<void(FileDescriptor socket, const IpAddress& peer)>;

struct ListenerSettings {
    std::vector<AcceptHandler> targets;  ///< Called round robin; at least one.
    /// Called before each accept, on the same thread. While it returns false, new connections wait in the kernel's
    /// queue. May be empty.
    std::function<bool()> has_room;
    /// The pause of accepts if there is no room, or if the system has no free descriptor or memory.
    std::chrono::milliseconds pause{100};
};

class Listener {
public:
    /// Binds and listens. With port 0 the system chooses a port. `[::]` accepts IPv4 too, if the system supports it.
    /// Errors: throws std::system_error, with the address in its text.
    Listener(boost::asio::io_context& context, const boost::asio::ip::tcp::endpoint& endpoint,
             ListenerSettings settings);
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;

    void start();
    /// Stops accepting and frees the port. The kernel resets the connections in its queue.
    void stop();

    std::uint16_t port() const { return port_; }

private:
    void wait();
    void accept_and_wait();
    std::optional<std::string_view> accept_waiting();
    bool accept_one();
    void pause(std::string_view reason);

    // Constant after construction.
    const ListenerSettings settings_;
    std::uint16_t port_ = 0;

    boost::asio::ip::tcp::acceptor acceptor_;
    boost::asio::steady_timer pause_timer_;
    std::size_t next_target_ = 0;
    std::chrono::steady_clock::time_point quiet_until_;  // no pause is logged before this time
};

/// Resolves `address.host`. Returns each of its addresses once, in the system's order of preference; an IP address
/// resolves to itself. Blocks until DNS has answered.
/// Errors: throws std::system_error, with the host in its text, if the host has no address.
std::vector<boost::asio::ip::tcp::endpoint> addresses_of(const HostPort& address);

/// Creates a listener for each of `endpoints`, all with the same port; if that is 0, the system chooses it. An endpoint
/// is skipped with a log line if this machine does not have its address family, unless no other endpoint is left.
/// Errors: throws like the constructor if any other endpoint cannot be bound. A server that only some clients can reach
/// would be worse.
std::vector<std::unique_ptr<Listener>> listen_at(boost::asio::io_context& context,
                                                 std::vector<boost::asio::ip::tcp::endpoint> endpoints,
                                                 const ListenerSettings& settings);

}  // namespace globes::net
