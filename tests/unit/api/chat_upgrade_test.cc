// A client that resumes, if the core fails while it catches up; and what it sends while the core is busy.
#include "api/ws/chat_upgrade.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <future>
#include <string>
#include <string_view>
#include <vector>

#include "chat/passwords.h"
#include "chat/tokens.h"
#include "unit/api/both_threads.h"

namespace globes::api {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

constexpr chat::RoomId kRoom = 5;
// The beginnings of close frames with their codes.
constexpr std::string_view kClosed1011 = "\x03\xF3";
constexpr std::string_view kClosed1013 = "\x03\xF5";

class ChatUpgradeTest : public BothThreads {
protected:
    ChatUpgradeTest() {
        handler = [this](const auto& http) { upgrade.upgrade(Exchange(http, services), chat::RoomKey::of("5")); };
        in_core([this] {
            core.load({.rooms = {{.record = {.id = kRoom, .title = "Old"}, .last_seq = 2, .last_time = clock.now}},
                       .next_room_id = kRoom + 1});
            std::vector<chat::Event>& events = store.kept[kRoom].events;
            for (const std::uint64_t seq : {1U, 2U})
                events.push_back({.room = kRoom, .seq = seq, .name = "ann", .text = "x", .time = clock.now});
        });
    }
    ~ChatUpgradeTest() override { stop(); }

    void in_core(const std::function<void()>& act) {
        std::promise<void> done;
        core_thread.post([&] {
            act();
            done.set_value();
        });
        done.get_future().get();
    }
    void in_io(std::function<void()> act) {
        std::promise<void> done;
        io.post([&] {
            act();
            done.set_value();
        });
        done.get_future().get();
    }
    /// A client that enters the room and does not catch up yet.
    int enter() {
        in_io([this] {
            auto awaiter = link.replays().acquire({});
            while (awaiter.await_ready()) permits.push_back(awaiter.await_resume());
        });
        return request(
            "GET /chats/5/ws?after=0 HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            "Sec-WebSocket-Protocol: globes.v1\r\n\r\n");
    }
    void let_catch_up() {
        in_io([this] { permits.clear(); });
    }
    /// Waits for a read of the store and answers it. Fails if none comes within 20 s.
    void answer_read() {
        const auto deadline = std::chrono::steady_clock::now() + 20s;
        bool is_answered = false;
        while (!is_answered && std::chrono::steady_clock::now() < deadline)
            in_core([&] {
                is_answered = !store.reads.empty();
                if (is_answered) store.answer_read();
            });
        EXPECT_TRUE(is_answered);
    }
    /// `text`: of 126 to 65,535 bytes.
    static void send_text(int client, std::string_view text) {
        std::string frame = {'\x81', '\xFE', static_cast<char>(text.size() >> 8), static_cast<char>(text.size())};
        frame.append(4, '\0');  // the mask, which changes nothing
        frame += text;
        ASSERT_EQ(::send(client, frame.data(), frame.size(), MSG_NOSIGNAL), std::ssize(frame));
    }
    /// Fails if the connection ends before.
    static void receive_until(int client, std::string_view end) {
        std::string received;
        while (!received.contains(end)) {
            const std::string part = receive(client);
            if (part.empty()) break;
            received += part;
        }
        EXPECT_THAT(received, HasSubstr(end));
    }

    const chat::Tokens tokens{"secret", clock, 60min};
    chat::PasswordThrottle throttle;
    chat::PasswordPace password_pace;
    const Hosts hosts{{}};
    RefusalLog refusal_log{clock};
    WorkerPool pool{1, {.queued = 4}};
    OpenFiles open_files{0};
    Services services{.clock = clock,
                      .tokens = tokens,
                      .throttle = throttle,
                      .password_pace = password_pace,
                      .hosts = hosts,
                      .refusal_log = refusal_log,
                      .hashing = pool,
                      .files = pool,
                      .open_files = open_files,
                      .store = store,
                      .flood = {},
                      .allowed_origins = {},
                      .frame_ancestors = {},
                      .metrics_addresses = {*IpRange::parse("::/0")},
                      .static_dir = {},
                      .metrics = {}};
    ChatUpgrade upgrade{link, services};
    std::vector<ConcurrencyLimiter::Permit> permits;  // all of the replays, on the I/O thread
};

TEST_F(ChatUpgradeTest, AClientCatchesUp) {
    const int client = enter();
    let_catch_up();
    receive_until(client, "welcome");
    answer_read();
    receive_until(client, "#2 ann: x");
}

TEST_F(ChatUpgradeTest, AConnectionIsClosedIfTheCoreFailsWhileItCatchesUp) {
    const int client = enter();
    receive_until(client, "welcome");
    in_core([this] { core_clock.throws = true; });
    let_catch_up();
    receive_until(client, kClosed1011);
}

TEST_F(ChatUpgradeTest, AConnectionIsClosedIfTheStoreFailsWhileItCatchesUp) {
    const int client = enter();
    receive_until(client, "welcome");
    in_core([this] { store.throws = 1; });
    let_catch_up();
    receive_until(client, kClosed1013);
}

TEST_F(ChatUpgradeTest, QueuedEventsCountWithTheirTexts) {
    const int client = enter();
    receive_until(client, "welcome");
    std::promise<void> is_blocked;
    std::promise<void> may_go_on;
    core_thread.post([&] {
        is_blocked.set_value();
        may_go_on.get_future().get();
    });
    is_blocked.get_future().get();
    constexpr std::size_t kLeft = 10'000;
    EXPECT_TRUE(core_thread.reserve(chat::CoreThread::kQueuedEventBytes - kLeft));
    for (const std::string_view id : {"fits", "fits too", "too much"})
        send_text(client, fmt::format(R"({{"event_type":"send","name":"ann","id":"{}","msg":"{:x>4000}"}})", id, ""));
    receive_until(client, R"("id":"too much")");
    may_go_on.set_value();
}

}  // namespace
}  // namespace globes::api
