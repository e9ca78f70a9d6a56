// A core thread and an I/O thread that serves HTTP on socket pairs, with a handler that the test gives.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/core_link.h"
#include "net/http_hub.h"
#include "unit/chat/fakes.h"

namespace globes::api {

class BothThreads : public testing::Test {
protected:
    BothThreads() {
        link.set_core(core);
        settings.refusal = [](const net::HttpRequest&, int status, std::string_view) {
            return net::HttpResponse{.status = status};
        };
        hub = std::make_unique<net::HttpHub>(io.context(), io.hub().wheel(), io.read_buffer(), clock, limits, settings,
                                             [this](const std::shared_ptr<net::HttpExchange>& http) { handler(http); });
        core_thread.start([this] { core.end_batch(); });
        io.start([this] { link.flush_to_core(); });
    }
    ~BothThreads() override { stop(); }
    void stop() {
        io.stop();
        core_thread.stop();
        for (const int client : std::exchange(clients, {})) ::close(client);
    }

    /// Sends `text` on a connection of its own, which it returns. Its reads end after 20 s.
    int request(std::string_view text) {
        std::array<int, 2> pair{};
        if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()) != 0) std::abort();
        const auto [server, client] = pair;
        ::fcntl(server, F_SETFL, O_NONBLOCK);
        const timeval most{.tv_sec = 20, .tv_usec = 0};
        ::setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &most, sizeof most);
        clients.push_back(client);
        EXPECT_EQ(::send(client, text.data(), text.size(), MSG_NOSIGNAL), std::ssize(text));
        io.post([this, fd = server] {
            hub->adopt(FileDescriptor(fd), net::ClientAddress(*IpAddress::parse("192.0.2.1")));
        });
        return client;
    }
    /// The bytes that arrive at once; none at the end of the connection, or after 20 s.
    static std::string receive(int client) {
        std::array<char, 4096> bytes;
        const ssize_t got = ::recv(client, bytes.data(), bytes.size(), 0);
        return {bytes.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0))};
    }

    net::IoThread io{0, {}};
    chat::FakeStore store;
    chat::ManualClock clock;
    chat::ManualClock core_clock;
    chat::TextEncoder encoder;
    chat::CoreThread core_thread;
    CoreLink link{io, core_thread};
    chat::Core core{{.store = store,
                     .clock = core_clock,
                     .encoder = encoder,
                     .io_threads = {&link},
                     .post = [this](TaskBatch tasks) { core_thread.post(std::move(tasks)); }},
                    {}};
    net::HttpSettings settings;
    net::AddressLimits limits{{}};
    std::unique_ptr<net::HttpHub> hub;
    std::function<void(std::shared_ptr<net::HttpExchange>)> handler;
    std::vector<int> clients;
};

}  // namespace globes::api
