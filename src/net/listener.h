// Accepts connections and deals them out to the I/O threads in turn: one listener for each address that the server's
// host name has. Owned by the server; used on the thread that runs their context.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/config_address.h"

namespace globes::net {

/// Takes over an accepted socket: non-blocking, close-on-exec. `peer_address`: its IP address, without the port; an
/// IPv4 peer of an IPv6 socket in IPv4 form.
using AcceptHandler = std::function<void(int fd, std::string peer_address)>;

struct ListenerSettings {
    std::vector<AcceptHandler> targets;  ///< Called in turn; at least one.
    /// Asked before each accept; without room the kernel keeps new connections in its queue. May be empty.
    std::function<bool()> has_room;
    /// How long nothing is accepted where there is no room, or the system has no descriptor or memory left.
    std::chrono::milliseconds pause{100};
};

class Listener {
public:
    /// Binds and listens. Port 0 lets the system choose. `[::]` takes IPv4 too, where the system lets it.
    /// Throws std::system_error, with the address in its text, where that is not possible.
    Listener(boost::asio::io_context& context, const boost::asio::ip::tcp::endpoint& endpoint,
             ListenerSettings settings);
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;

    void start();
    /// Accepts no more and frees the port. Connections in the kernel's queue are reset.
    void stop();

    std::uint16_t port() const { return port_; }

private:
    void wait();
    void accept_waiting();
    bool accept_one();
    void pause(std::string_view reason);

    // Constant after construction.
    const ListenerSettings settings_;
    std::uint16_t port_ = 0;

    boost::asio::ip::tcp::acceptor acceptor_;
    boost::asio::steady_timer pause_timer_;
    std::size_t next_target_ = 0;
    std::chrono::steady_clock::time_point quiet_until_;  // pauses before are not logged again
};

/// Every address of `address.host`, each once, in the order of the system's preference; an address itself is the only
/// one. Waits for the DNS. Throws std::system_error, with the host in its text, where it has none.
std::vector<boost::asio::ip::tcp::endpoint> addresses_of(const HostPort& address);

/// A listener for each of `endpoints`, all with the same port, also where that is 0 and left to the system. An endpoint
/// of an address family that this machine does not have is left out with a log line, unless it is the last one left.
/// Throws as Listener does where any other can't be bound: a server that only some of its clients reach is worse.
std::vector<std::unique_ptr<Listener>> listen_at(boost::asio::io_context& context,
                                                 std::vector<boost::asio::ip::tcp::endpoint> endpoints,
                                                 const ListenerSettings& settings);

}  // namespace globes::net
