#include "net/listener.h"

#include <fmt/format.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <spdlog/spdlog.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/system/system_error.hpp>
#include <cassert>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include "base/logging.h"
#include "base/task_boundary.h"

namespace globes::net {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using std::chrono::steady_clock;

constexpr int kBacklog = 4096;       // the system reduces it to its own limit (net.core.somaxconn)
constexpr int kAcceptsPerWake = 16;  // so that the thread does its other work in between
constexpr std::chrono::seconds kLogEvery{10};

constexpr int kPortAttempts = 16;  // to find a port that is free on all addresses

IpAddress address_of(const sockaddr_storage& peer) {
    if (peer.ss_family == AF_INET) {
        std::array<std::uint8_t, 4> bytes;
        std::memcpy(bytes.data(), &reinterpret_cast<const sockaddr_in&>(peer).sin_addr, bytes.size());
        return IpAddress(bytes);
    }
    std::array<std::uint8_t, 16> bytes;
    std::memcpy(bytes.data(), &reinterpret_cast<const sockaddr_in6&>(peer).sin6_addr, bytes.size());
    return IpAddress(bytes);
}

/// Whether an error of accept(2) concerns one connection that ended early, not the listener.
bool is_peer_error(int error) {
    return error == ECONNABORTED || error == EPROTO || error == EINTR || error == EPERM || error == ENETDOWN ||
           error == ENETUNREACH || error == EHOSTDOWN || error == EHOSTUNREACH || error == ENOPROTOOPT ||
           error == EOPNOTSUPP || error == ETIMEDOUT;
}

std::string endpoint_text(const tcp::endpoint& endpoint) {
    const std::string address = endpoint.address().to_string();
    return endpoint.address().is_v6() ? fmt::format("[{}]:{}", address, endpoint.port())
                                      : fmt::format("{}:{}", address, endpoint.port());
}

/// Whether any interface has an address of this family. In a container without IPv6, the hosts file still has `::1`.
bool has_family(int family) {
    ifaddrs* first = nullptr;
    if (::getifaddrs(&first) != 0) return true;  // unknown; a failure to bind is an error then
    bool found = false;
    for (const ifaddrs* at = first; at != nullptr && !found; at = at->ifa_next)
        found = at->ifa_addr != nullptr && at->ifa_addr->sa_family == family;
    ::freeifaddrs(first);
    return found;
}

bool lacks_family_of(const tcp::endpoint& endpoint, const std::error_code& error) {
    if (error == std::errc::address_family_not_supported) return true;
    return error == std::errc::address_not_available && !has_family(endpoint.protocol().family());
}

}  // namespace

Listener::Listener(asio::io_context& context, const tcp::endpoint& endpoint, ListenerSettings settings)
    : settings_(std::move(settings)), acceptor_(context), pause_timer_(context) {
    assert(!settings_.targets.empty());
    try {
        acceptor_.open(endpoint.protocol());
        // Otherwise a restart fails until the last connections of the previous process have left TIME_WAIT.
        acceptor_.set_option(tcp::acceptor::reuse_address(true));
        acceptor_.bind(endpoint);
        acceptor_.set_option(tcp::no_delay(true));  // accepted sockets inherit it
        acceptor_.listen(kBacklog);
        acceptor_.non_blocking(true);
        port_ = acceptor_.local_endpoint().port();
    } catch (const boost::system::system_error& failure) {
        throw std::system_error(failure.code(), endpoint_text(endpoint));
    }
}

void Listener::start() { wait(); }

void Listener::stop() {
    error_code ignored;
    pause_timer_.cancel();
    acceptor_.close(ignored);
}

void Listener::wait() {
    acceptor_.async_wait(tcp::acceptor::wait_read, [this](const error_code& error) {
        if (!error) accept_and_wait();
    });
}

/// An exception loses the connection that was being accepted, and no other.
void Listener::accept_and_wait() {
    std::optional<std::string_view> trouble = "exception";
    run_task(TaskThread::io, [&] { trouble = accept_waiting(); });
    if (!acceptor_.is_open()) return;
    if (trouble) {
        pause(*trouble);
    } else {
        wait();
    }
}

/// Returns why accepting has to pause, or nothing.
std::optional<std::string_view> Listener::accept_waiting() {
    for (int count = 0; count < kAcceptsPerWake; ++count) {
        if (!acceptor_.is_open()) break;
        if (settings_.has_room && !settings_.has_room()) return "too many connections";
        if (accept_one()) continue;
        if (errno == EAGAIN || errno == EWOULDBLOCK) break;
        if (is_peer_error(errno)) continue;
        // EMFILE, ENFILE, ENOBUFS, ENOMEM: an immediate retry would spin, and without a retry nothing would be
        // accepted.
        return std::strerror(errno);
    }
    return std::nullopt;
}

bool Listener::accept_one() {
    sockaddr_storage peer{};
    socklen_t size = sizeof peer;
    FileDescriptor socket(
        ::accept4(acceptor_.native_handle(), reinterpret_cast<sockaddr*>(&peer), &size, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!socket.is_open()) return false;
    const std::size_t target = std::exchange(next_target_, (next_target_ + 1) % settings_.targets.size());
    settings_.targets[target](std::move(socket), address_of(peer));
    return true;
}

void Listener::pause(std::string_view reason) {
    pause_timer_.expires_after(settings_.pause);
    pause_timer_.async_wait([this](const error_code& error) {
        if (!error) accept_and_wait();
    });
    const auto now = steady_clock::now();
    if (now < quiet_until_) return;
    quiet_until_ = now + kLogEvery;
    spdlog::warn("event=accept_paused reason={}", log_value(reason));
}

std::vector<tcp::endpoint> addresses_of(const HostPort& address) {
    asio::io_context context;
    tcp::resolver resolver(context);
    std::vector<tcp::endpoint> endpoints;
    try {
        for (const auto& found : resolver.resolve(address.host, std::to_string(address.port), tcp::resolver::passive))
            if (std::ranges::find(endpoints, found.endpoint()) == endpoints.end())
                endpoints.push_back(found.endpoint());
    } catch (const boost::system::system_error& failure) {
        throw std::system_error(failure.code(), fmt::format("{}:{}", address.host, address.port));
    }
    return endpoints;
}

std::vector<std::unique_ptr<Listener>> listen_at(asio::io_context& context, std::vector<tcp::endpoint> endpoints,
                                                 const ListenerSettings& settings) {
    const bool any_port = endpoints.front().port() == 0;
    std::vector<std::unique_ptr<Listener>> listeners;
    for (int attempt = 1; listeners.size() < endpoints.size();) {
        tcp::endpoint& endpoint = endpoints[listeners.size()];
        try {
            listeners.push_back(std::make_unique<Listener>(context, endpoint, settings));
            if (any_port)
                for (tcp::endpoint& other : endpoints) other.port(listeners.front()->port());
        } catch (const std::system_error& failure) {
            const bool is_taken = any_port && !listeners.empty() && failure.code() == std::errc::address_in_use;
            if (is_taken && attempt++ < kPortAttempts) {
                // The port is free on the first address and in use on this one: try another port.
                listeners.clear();
                for (tcp::endpoint& other : endpoints) other.port(0);
            } else if (endpoints.size() > 1 && lacks_family_of(endpoint, failure.code())) {
                spdlog::warn("event=address_left_out address={} reason={}", endpoint_text(endpoint),
                             log_value(failure.code().message()));
                endpoints.erase(endpoints.begin() + static_cast<std::ptrdiff_t>(listeners.size()));
            } else {
                throw;
            }
        }
    }
    for (const tcp::endpoint& endpoint : endpoints) spdlog::info("event=listening address={}", endpoint_text(endpoint));
    return listeners;
}

}  // namespace globes::net
