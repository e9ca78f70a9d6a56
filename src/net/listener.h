// Accepts connections on one address and deals them out to the I/O threads in turn. Owned by main; used on the thread
// that runs its context.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
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
    /// Binds and listens. Port 0 lets the system choose; a name is looked up, and its first address is taken.
    /// Throws std::system_error, with the address in its text, where that is not possible.
    Listener(boost::asio::io_context& context, const HostPort& address, ListenerSettings settings);
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

}  // namespace globes::net
