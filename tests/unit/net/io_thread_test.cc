// The thread itself. Its hub is tested without a thread in ws_hub_test.cc. Every wait is for an event that will happen.
#include "net/io_thread.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <sys/time.h>

#include <atomic>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <chrono>
#include <ctime>
#include <future>
#include <latch>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "unit/net/hub_harness.h"
#include "unit/roomlog/published_log.h"

namespace globes::net {
namespace {

using roomlog::Opcode;

constexpr TopicId kTopic = 5;

void no_flush() {}

/// Runs `act` on `thread` and waits for its result.
template <class Act>
auto ask(IoThread& thread, Act act) {
    std::packaged_task<decltype(act())()> task(std::move(act));
    auto result = task.get_future();
    thread.post([task = std::move(task)]() mutable { task(); });
    return result.get();
}

/// A blocking peer.
class BlockingPeer {
public:
    explicit BlockingPeer(int fd) : fd_(fd) {
        const timeval most{.tv_sec = 20, .tv_usec = 0};
        ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &most, sizeof most);
        ::fcntl(fd_, F_SETFL, ::fcntl(fd_, F_GETFL) & ~O_NONBLOCK);
    }
    BlockingPeer(BlockingPeer&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    ~BlockingPeer() {
        if (fd_ >= 0) ::close(fd_);
    }
    void send(std::string_view bytes) {
        ASSERT_EQ(::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
    }
    std::string receive(std::size_t size) {
        std::string bytes(size, '\0');
        const ssize_t got = ::recv(fd_, bytes.data(), size, MSG_WAITALL);
        bytes.resize(static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
        return bytes;
    }

private:
    int fd_;
};

BlockingPeer connect(IoThread& thread, TopicId topic = 0, std::shared_ptr<HandlerRecord> record = nullptr) {
    const auto [server, peer] = unix_pair();
    if (record == nullptr) record = std::make_shared<HandlerRecord>();
    ask(thread, [&, fd = server] {
        WsHub& hub = thread.hub();
        WsSession* session =
            hub.adopt(hub.next_id(), FileDescriptor(fd), {}, {}, std::make_unique<RecordingHandler>(std::move(record)));
        if (topic != 0) hub.subscribe(*session, topic, 0);
    });
    return BlockingPeer(peer);
}

std::string frame_of(Opcode opcode, std::string_view payload) {
    std::string frame;
    roomlog::append_frame(frame, opcode, payload);
    return frame;
}

// Works for at least this long by the thread's CPU clock, so by every clock.
void work_for(std::chrono::milliseconds duration) {
    const auto worked = [] {
        timespec time{};
        ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
        return std::chrono::seconds{time.tv_sec} + std::chrono::nanoseconds{time.tv_nsec};
    };
    for (const auto end = worked() + duration; worked() < end;) {
    }
}

TEST(IoThread, RunsATaskAfterItsTime) {
    constexpr std::chrono::milliseconds kTime{20};
    IoThread thread(1, {});
    thread.start(no_flush);
    std::promise<std::chrono::steady_clock::time_point> ran;
    const auto begin = std::chrono::steady_clock::now();
    thread.post([&] { thread.run_after(kTime, [&] { ran.set_value(std::chrono::steady_clock::now()); }); });
    EXPECT_GE(ran.get_future().get() - begin, kTime);
}

TEST(IoThread, DropsATaskWhoseTimeComesAfterItsEnd) {
    const auto held = std::make_shared<int>();
    {
        IoThread thread(1, {});
        thread.start(no_flush);
        ask(thread, [&] { thread.run_after(std::chrono::hours(1), [held] { ADD_FAILURE(); }); });
        EXPECT_EQ(held.use_count(), 2);
    }
    EXPECT_EQ(held.use_count(), 1);
}

TEST(IoThread, RunsTasksInTheOrderOfEachProducer) {
    constexpr int kPosters = 4;
    constexpr int kPosts = 2000;
    std::vector<std::vector<int>> seen(kPosters);
    std::atomic<int> left = kPosters * kPosts;
    std::promise<void> done;
    IoThread thread(1, {});
    thread.start(no_flush);
    const auto task = [&](int poster, int number) {
        return [&, poster, number] {
            seen[static_cast<std::size_t>(poster)].push_back(number);
            if (--left == 0) done.set_value();
        };
    };
    std::vector<std::jthread> posters;
    for (int poster = 0; poster < kPosters; ++poster) {
        posters.emplace_back([&, poster] {
            for (int number = 0; number < kPosts;) {
                if (number % 3 == 0) {
                    thread.post(task(poster, number++));
                    continue;
                }
                TaskBatch batch;
                for (int i = 0; i < 5 && number < kPosts; ++i) batch.add(task(poster, number++));
                thread.post(std::move(batch));
            }
        });
    }
    done.get_future().wait();
    for (const auto& numbers : seen) {
        ASSERT_EQ(numbers.size(), static_cast<std::size_t>(kPosts));
        for (int number = 0; number < kPosts; ++number) ASSERT_EQ(numbers[static_cast<std::size_t>(number)], number);
    }
}

TEST(IoThread, WakesForEachPostAfterSleeping) {
    IoThread thread(1, {});
    thread.start(no_flush);
    // Each one waits for the one before, so the thread sleeps in between.
    for (int i = 0; i < 2000; ++i) ASSERT_EQ(ask(thread, [i] { return i; }), i);
}

TEST(IoThread, ATaskMayPostAnother) {
    std::promise<void> done;
    IoThread thread(1, {});
    thread.start(no_flush);
    thread.post([&] { thread.post([&] { thread.post([&] { done.set_value(); }); }); });
    done.get_future().wait();
}

TEST(IoThread, RunsTasksHandlersAndFlushOnOneThread) {
    std::atomic<std::thread::id> flushes_on;
    std::promise<std::thread::id> handles_on;
    IoThread thread(3, {});
    EXPECT_EQ(thread.number(), 3U);
    thread.start([&] { flushes_on = std::this_thread::get_id(); });
    const auto runs_on = ask(thread, [] { return std::this_thread::get_id(); });
    boost::asio::post(thread.context(), [&] { handles_on.set_value(std::this_thread::get_id()); });
    EXPECT_EQ(handles_on.get_future().get(), runs_on);
    EXPECT_NE(runs_on, std::this_thread::get_id());
    thread.stop();
    EXPECT_EQ(flushes_on.load(), runs_on);
}

TEST(IoThread, FlushesAfterEveryTaskWithoutAnotherWakeUp) {
    std::atomic<int> gathered = 0;
    std::promise<void> flushed;
    IoThread thread(1, {});
    thread.start([&] {
        if (gathered.exchange(0) == 1) flushed.set_value();
    });
    thread.post([&] { gathered = 1; });
    flushed.get_future().wait();
}

TEST(IoThread, StopMayComeBeforeStartAndTwice) {
    IoThread never_started(1, {});
    never_started.stop();
    IoThread thread(2, {});
    thread.start(no_flush);
    thread.stop();
    thread.stop();
}

TEST(IoThread, StopsWhileOthersPostAndDropsTheQueuedTasks) {
    for (int round = 0; round < 20; ++round) {
        const auto held = std::make_shared<int>(1);
        {
            IoThread thread(1, {});
            thread.start(no_flush);
            std::latch started(3);
            std::vector<std::jthread> posters;
            for (int poster = 0; poster < 3; ++poster)
                posters.emplace_back([&] {
                    thread.post([held] {});
                    started.count_down();
                    for (int i = 0; i < 500; ++i) thread.post([held] {});
                });
            started.wait();
            thread.stop();
        }
        EXPECT_EQ(held.use_count(), 1);
    }
}

TEST(IoThread, ServesTheSocketsOfItsHub) {
    IoThread thread(1, {});
    thread.start(no_flush);
    const auto record = std::make_shared<HandlerRecord>();
    record->on_text = [](WsSession& session, std::string_view message) { session.send_direct(Opcode::text, message); };
    BlockingPeer peer = connect(thread, 0, record);
    for (int i = 0; i < 500; ++i) {
        const std::string text = "message " + std::to_string(i);
        peer.send(client_text(text));
        ASSERT_EQ(peer.receive(text.size() + 2), frame_of(Opcode::text, text));
    }
}

TEST(IoThread, AMessageDoesNotWaitForAllConnectionsThatAreReady) {
    constexpr int kConnections = 300;
    std::vector<boost::asio::posix::stream_descriptor> ready;
    int served = 0;
    int served_before = -1;
    std::promise<void> received;
    IoThread thread(1, {});
    thread.start(no_flush);
    const auto record = std::make_shared<HandlerRecord>();
    record->on_text = [&](WsSession&, std::string_view) {
        served_before = served;
        received.set_value();
    };
    BlockingPeer talker = connect(thread, 0, record);
    ask(thread, [&] {
        for (int i = 0; i < kConnections; ++i) {
            auto& descriptor = ready.emplace_back(thread.context(), ::eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK));
            descriptor.async_wait(boost::asio::posix::descriptor_base::wait_read, [&](const auto&) {
                if (served++ == 0) talker.send(client_text("hello"));
                work_for(std::chrono::milliseconds{1});
            });
        }
    });
    received.get_future().wait();
    EXPECT_LT(served_before, 5);
    ask(thread, [&] { ready.clear(); });
}

TEST(IoThread, FansOutAfterALingerWithoutBeingWoken) {
    WsSettings settings;
    settings.linger = {.short_fan_out = {}, .factor = 1'000'000'000, .growth = 1'000'000'000};
    IoThread thread(1, settings);
    thread.start(no_flush);
    std::vector<BlockingPeer> peers;
    for (int i = 0; i < 3; ++i) peers.push_back(connect(thread, kTopic));
    roomlog::PublishedLog writer;
    std::string said;
    const auto say = [&](std::size_t size) {
        const std::string frame = frame_of(Opcode::text, std::string(size, 'x'));
        said += frame;
        writer.append(frame);
        const std::vector<roomlog::Slice> slices = writer.take_unpublished();
        thread.post([&thread, slices] {
            for (const roomlog::Slice& slice : slices) thread.hub().extend(kTopic, slice);
        });
    };
    // A linger follows the first fan-out. The frames that are published during the linger arrive too.
    for (int i = 0; i < 20; ++i) say(10);
    for (BlockingPeer& peer : peers) ASSERT_EQ(peer.receive(said.size()), said);
}

TEST(IoThread, AdvancesTheTimers) {
    WsSettings settings;
    settings.ping_after = 1;
    settings.pong_within = 1;
    IoThread thread(1, settings);
    thread.start(no_flush);
    BlockingPeer peer = connect(thread);
    const std::string expected =
        frame_of(Opcode::ping, "") + frame_of(Opcode::close, encode_close_payload(kCloseNoPong, "no pong"));
    EXPECT_EQ(peer.receive(expected.size()), expected);
}

TEST(IoThread, TheDestructorClosesOpenConnections) {
    const auto [server, fd] = unix_pair();
    BlockingPeer peer(fd);
    {
        IoThread thread(1, {});
        thread.start(no_flush);
        ask(thread, [&, adopted = server] {
            thread.hub().adopt(thread.hub().next_id(), FileDescriptor(adopted), {}, {},
                               std::make_unique<RecordingHandler>(std::make_shared<HandlerRecord>()));
        });
    }
    EXPECT_EQ(peer.receive(1), "");
}

TEST(IoThread, ReportsItsLongestIteration) {
    constexpr std::chrono::milliseconds kLong{30};
    IoThread thread(1, {});
    thread.start(no_flush);
    ask(thread, [&] { work_for(kLong); });
    ask(thread, [] {});  // the iteration before has ended
    EXPECT_GE(thread.longest_iteration_us(), std::chrono::microseconds(kLong).count()) << "by a task";

    constexpr std::chrono::hours kReported{1};
    ask(thread, [&] { thread.note_busy(kReported); });
    EXPECT_EQ(thread.longest_iteration_us(), std::chrono::microseconds(kReported).count()) << "by note_busy";
}

TEST(IoThread, ExceptionsOfTasksDoNotEndIt) {
    const std::uint64_t failed = failed_tasks(TaskThread::io);
    int flushes = 0;  // outlives the thread, which flushes once more when it stops
    IoThread thread(1, {});
    thread.start([&] {
        if (++flushes == 1) throw std::runtime_error("flush");
    });
    thread.post([] { throw std::runtime_error("mailbox"); });
    boost::asio::post(thread.context(), [] { throw std::runtime_error("handler"); });
    std::promise<void> is_handled;
    boost::asio::post(thread.context(), [&] { is_handled.set_value(); });
    is_handled.get_future().wait();
    // Runs in a later iteration, so the flush of the first one is over.
    ask(thread, [] { return 0; });
    EXPECT_EQ(ask(thread, [] { return failed_tasks(TaskThread::io); }), failed + 3);
}

TEST(IoThread, AnExceptionOfAHandlerEndsItsConnectionOnly) {
    struct Throwing final : WsHandler {
        void on_text(WsSession&, std::string_view) override { throw std::runtime_error("broken"); }
        bool on_ping(WsSession&) override { return true; }
        void on_other_frame(WsSession&) override {}
        void on_closed() override {}
    };
    IoThread thread(1, {});
    thread.start(no_flush);
    BlockingPeer other = connect(thread, kTopic);
    const auto [server, peer_fd] = unix_pair();
    BlockingPeer peer(peer_fd);
    ask(thread, [&, fd = server] {
        WsHub& hub = thread.hub();
        return hub.adopt(hub.next_id(), FileDescriptor(fd), {}, {}, std::make_unique<Throwing>()) != nullptr;
    });
    peer.send(client_frame(Opcode::text, "x"));
    EXPECT_EQ(peer.receive(1), "") << "its end";
    EXPECT_EQ(ask(thread, [&] { return thread.hub().size(); }), 1U) << "ended at once, not by a timeout";
    const std::string frame = frame_of(Opcode::text, "still here");
    ask(thread, [&] {
        thread.hub().extend(kTopic, roomlog::make_slice(frame));
        return 0;
    });
    EXPECT_EQ(other.receive(frame.size()), frame);
}

}  // namespace
}  // namespace globes::net
