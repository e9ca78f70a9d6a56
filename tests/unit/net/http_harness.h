// An HTTP hub without a thread: a test opens connections, polls the loop and reads as the clients do. It advances the
// timer wheel and the clock.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "net/http_hub.h"
#include "unit/net/socket_pair.h"

namespace globes::net {

struct FakeClock final : Clock {
    UnixMicros now_us() const override { return 0; }
    std::chrono::steady_clock::time_point steady() const override { return now; }
    std::chrono::steady_clock::time_point now;
};

/// `tcp_pair` with two ends that do not block.
inline std::pair<int, int> nonblocking_tcp_pair() {
    const auto pair = tcp_pair();
    ::fcntl(pair.second, F_SETFL, O_NONBLOCK);
    return pair;
}

class HttpHubTest : public testing::Test {
protected:
    ~HttpHubTest() override {
        waiting_.clear();  // they answer, which the members below them hear of
    }

    /// Creates the hub at the first call: a test changes the settings before that.
    HttpHub& hub() {
        if (!limits_) limits_.emplace(limit_settings_);
        if (!hub_) hub_.emplace(context_, wheel_, buffer_, clock_, *limits_, settings_, handler_);
        return *hub_;
    }
    /// Requests wait in `waiting_` until the test answers them.
    void answer_later() {
        handler_ = [this](const std::shared_ptr<HttpExchange>& exchange) { waiting_.push_back(exchange); };
    }
    /// Polls until nothing is ready any more. A wait may need one more round to begin.
    void run() {
        for (int idle_rounds = 0; idle_rounds < 3;) {
            context_.restart();
            idle_rounds = context_.poll() == 0 ? idle_rounds + 1 : 0;
        }
    }
    void pass(Tick ticks) {
        wheel_.advance(wheel_.now() + ticks);
        run();
    }
    /// All bytes that have arrived; `ended_` tells whether the server has shut its side down.
    std::string receive_from(int client) {
        std::string received;
        std::array<char, 4096> piece;
        for (;;) {
            const ssize_t count = ::recv(client, piece.data(), piece.size(), 0);
            ended_ = count == 0 || (count < 0 && errno != EAGAIN);
            if (count <= 0) return received;
            received.append(piece.data(), static_cast<std::size_t>(count));
        }
    }

    boost::asio::io_context context_;
    TimerWheel wheel_;
    std::vector<char> buffer_ = std::vector<char>(64 << 10);
    FakeClock clock_;
    HttpSettings settings_;
    HttpHandler handler_;
    AddressLimitSettings limit_settings_;
    std::optional<AddressLimits> limits_;
    std::optional<HttpHub> hub_;
    std::deque<std::shared_ptr<HttpExchange>> waiting_;
    bool ended_ = false;
};

}  // namespace globes::net
