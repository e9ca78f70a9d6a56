#include "net/listener.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <memory>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

namespace globes::net {
namespace {

using boost::asio::ip::tcp;
using testing::ElementsAre;
using testing::HasSubstr;

class ListenerTest : public testing::Test {
protected:
    ListenerTest() {
        settings_.pause = std::chrono::milliseconds{1};
        settings_.targets.push_back(target(0));
    }
    AcceptHandler target(int number) {
        return [this, number](FileDescriptor socket, const IpAddress& peer) {
            sockets_.push_back(std::move(socket));
            targets_.push_back(number);
            peers_.push_back(peer.text());
        };
    }
    static tcp::endpoint endpoint(const char* address, std::uint16_t port = 0) {
        return {boost::asio::ip::make_address(address), port};
    }
    void listen(const tcp::endpoint& at = endpoint("127.0.0.1")) {
        listener_.emplace(context_, at, settings_);
        listener_->start();
    }
    /// The kernel accepts the connection, so this succeeds before the listener accepts it.
    int connect() { return connect_to(INADDR_LOOPBACK, listener_->port()); }
    int connect_to(in_addr_t host, std::uint16_t port) {
        const int fd = sockets_.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)).get();
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(host);
        address.sin_port = htons(port);
        EXPECT_EQ(::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
        return fd;
    }
    void run_until_accepted(std::size_t count) {
        while (targets_.size() < count && context_.run_one_for(std::chrono::seconds{10}) > 0) {
        }
        EXPECT_EQ(targets_.size(), count);
    }

    boost::asio::io_context context_;
    ListenerSettings settings_;
    std::optional<Listener> listener_;
    std::vector<FileDescriptor> sockets_;
    std::vector<int> targets_;
    std::vector<std::string> peers_;
};

TEST_F(ListenerTest, DistributesConnectionsRoundRobin) {
    settings_.targets.push_back(target(1));
    settings_.targets.push_back(target(2));
    listen();
    EXPECT_NE(listener_->port(), 0);
    for (int i = 0; i < 5; ++i) connect();
    run_until_accepted(5);
    EXPECT_THAT(targets_, ElementsAre(0, 1, 2, 0, 1));
    EXPECT_EQ(peers_.front(), "127.0.0.1");
    EXPECT_NE(::fcntl(sockets_.back().get(), F_GETFL) & O_NONBLOCK, 0);
    EXPECT_NE(::fcntl(sockets_.back().get(), F_GETFD) & FD_CLOEXEC, 0);
    int no_delay = 0;
    socklen_t size = sizeof no_delay;
    ::getsockopt(sockets_.back().get(), IPPROTO_TCP, TCP_NODELAY, &no_delay, &size);
    EXPECT_NE(no_delay, 0);
}

TEST_F(ListenerTest, AnExceptionLosesOneConnectionAndNoOther) {
    settings_.targets.insert(settings_.targets.begin(),
                             [](const FileDescriptor&, const IpAddress&) { throw std::bad_alloc(); });
    listen();
    const int lost = connect();
    run_until_accepted(0);
    context_.run_one_for(std::chrono::seconds{10});
    char byte = 0;
    EXPECT_EQ(::recv(lost, &byte, 1, 0), 0) << "it is closed";
    connect();
    run_until_accepted(1);
}

TEST_F(ListenerTest, ListensAtAllAddressesWithOnePort) {
    const auto listeners = listen_at(context_, {endpoint("127.0.0.1"), endpoint("127.0.0.2")}, settings_);
    ASSERT_EQ(listeners.size(), 2u);
    const std::uint16_t port = listeners[0]->port();
    EXPECT_EQ(listeners[1]->port(), port);
    for (const auto& listener : listeners) listener->start();
    connect_to(INADDR_LOOPBACK, port);
    connect_to(INADDR_LOOPBACK + 1, port);
    run_until_accepted(2);
}

TEST_F(ListenerTest, TheSearchForAPortThatIsFreeAtAllAddressesEnds) {
    try {
        listen_at(context_, {endpoint("127.0.0.1"), endpoint("127.0.0.1")}, settings_);
        FAIL() << "bound twice";
    } catch (const std::system_error& error) {
        EXPECT_EQ(error.code(), std::errc::address_in_use);
    }
}

TEST_F(ListenerTest, AnAddressOfAnotherMachineEndsTheStart) {
    // TEST-NET-1 (RFC 5737): this machine has IPv4, but not this address.
    try {
        listen_at(context_, {endpoint("127.0.0.1"), endpoint("192.0.2.1")}, settings_);
        FAIL() << "listens at some of the addresses";
    } catch (const std::system_error& error) {
        EXPECT_EQ(error.code(), std::errc::address_not_available);
        EXPECT_THAT(error.what(), HasSubstr("192.0.2.1:"));
    }
}

TEST_F(ListenerTest, ANameResolvesToEachOfItsAddressesOnce) {
    const auto found = addresses_of({"localhost", 7});
    ASSERT_FALSE(found.empty());
    for (const auto& address : found) {
        EXPECT_TRUE(address.address().is_loopback());
        EXPECT_EQ(address.port(), 7);
        EXPECT_EQ(std::ranges::count(found, address), 1);
    }
    EXPECT_THAT(addresses_of({"::1", 7}), ElementsAre(endpoint("::1", 7)));
}

TEST_F(ListenerTest, AnAddressInUseIsAnErrorThatNamesIt) {
    listen();
    try {
        const Listener second(context_, endpoint("127.0.0.1", listener_->port()), settings_);
        FAIL() << "bound twice";
    } catch (const std::system_error& error) {
        EXPECT_EQ(error.code(), std::errc::address_in_use);
        EXPECT_THAT(error.what(), HasSubstr("127.0.0.1:" + std::to_string(listener_->port())));
    }
}

TEST_F(ListenerTest, APortIsFreeAgainAfterTheStop) {
    listen();
    const std::uint16_t port = listener_->port();
    connect();
    run_until_accepted(1);
    listener_->stop();
    listen(endpoint("127.0.0.1", port));
    EXPECT_EQ(listener_->port(), port);
}

TEST_F(ListenerTest, WaitsAtTheConnectionLimit) {
    int asked = 0;
    settings_.has_room = [&] { return ++asked > 3; };
    listen();
    connect();
    run_until_accepted(1);
    EXPECT_GE(asked, 4);
}

/// During its lifetime, no new descriptor can be opened.
class NoDescriptors {
public:
    NoDescriptors() {
        ::getrlimit(RLIMIT_NOFILE, &usual_);
        rlimit none = usual_;
        none.rlim_cur = 0;
        ::setrlimit(RLIMIT_NOFILE, &none);
    }
    ~NoDescriptors() { ::setrlimit(RLIMIT_NOFILE, &usual_); }
    NoDescriptors(const NoDescriptors&) = delete;
    NoDescriptors& operator=(const NoDescriptors&) = delete;

private:
    rlimit usual_{};
};

TEST_F(ListenerTest, DoesNotSpinWithoutDescriptors) {
    settings_.pause = std::chrono::hours{1};
    listen();
    connect();
    const NoDescriptors none_left;
    EXPECT_EQ(context_.run_one_for(std::chrono::seconds{10}), 1u);
    EXPECT_EQ(context_.poll(), 0u);
}

TEST_F(ListenerTest, ContinuesWhenDescriptorsAreAvailableAgain) {
    listen();
    connect();
    {
        const NoDescriptors none_left;
        for (int i = 0; i < 5; ++i) context_.run_one_for(std::chrono::seconds{10});
        EXPECT_TRUE(targets_.empty());
    }
    run_until_accepted(1);
}

TEST_F(ListenerTest, ListensOnIpv6) {
    try {
        listen(endpoint("::1"));
    } catch (const std::system_error& error) {
        GTEST_SKIP() << "no IPv6 here: " << error.what();
    }
    EXPECT_NE(listener_->port(), 0);
}

}  // namespace
}  // namespace globes::net
