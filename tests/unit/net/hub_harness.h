// A hub with real sockets and without a thread: a test opens connections, runs the loop iterations and reads as the
// peers do.
#pragma once

#include <gtest/gtest.h>
#include <linux/sockios.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/ws_hub.h"
#include "roomlog/slice.h"
#include "unit/net/socket_pair.h"
#include "unit/net/tls_client.h"
#include "unit/net/ws_client.h"
#include "unit/roomlog/published_log.h"

namespace globes::net {

/// A frame as a client receives it.
struct WireFrame {
    roomlog::Opcode opcode{};
    std::string payload;

    friend bool operator==(const WireFrame&, const WireFrame&) = default;
};

/// Splits `stream` into frames. Fails the test if it does not end with a complete one.
inline std::vector<WireFrame> parse_frames(std::string_view stream) {
    std::vector<WireFrame> frames;
    while (!stream.empty()) {
        const std::size_t size = roomlog::frame_size(stream);
        if (size == 0 || size > stream.size()) {
            ADD_FAILURE() << stream.size() << " bytes are left that are not a complete frame";
            break;
        }
        const std::size_t header = size < 128 ? 2 : size < 65'540 ? 4 : 10;
        const auto opcode = static_cast<roomlog::Opcode>(stream[0] & 0x0F);
        EXPECT_EQ(stream[0] & 0xF0, 0x80) << "not final, or reserved bits";
        frames.push_back({opcode, std::string(stream.substr(header, size - header))});
        stream.remove_prefix(size);
    }
    return frames;
}

inline WireFrame close_frame(CloseCode code, std::string_view reason = {}) {
    return {roomlog::Opcode::close, encode_close_payload(code, reason)};
}

/// The other end of a connection.
class Peer {
public:
    explicit Peer(int fd) : fd_(fd) {}
    Peer(Peer&& other) noexcept
        : received(std::move(other.received)),
          fd_(std::exchange(other.fd_, -1)),
          tls_(std::move(other.tls_)),
          saw_end_(other.saw_end_),
          was_reset_(other.was_reset_) {}
    ~Peer() { hang_up(); }

    /// All bytes that were read.
    std::string received;

    /// From now on everything is sent and read over TLS.
    TlsClient& use_tls() { return *(tls_ = std::make_unique<TlsClient>(fd_)); }

    void send(std::string_view bytes) {
        if (tls_ != nullptr) {
            ASSERT_EQ(tls_->send(bytes), static_cast<ssize_t>(bytes.size()));
            return;
        }
        ASSERT_EQ(::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
    }
    /// Reads without blocking, at most `most` bytes, and returns how many it has read.
    std::size_t read(std::size_t most = SIZE_MAX) {
        std::size_t total = 0;
        std::array<char, 16 << 10> buffer;
        while (total < most) {
            const std::span<char> room(buffer.data(), std::min(buffer.size(), most - total));
            const ssize_t got =
                tls_ != nullptr ? tls_->receive(room) : ::recv(fd_, room.data(), room.size(), MSG_DONTWAIT);
            if (got < 0 && errno == EAGAIN) break;
            saw_end_ = got <= 0;
            was_reset_ = got < 0;
            if (saw_end_) break;
            received.append(buffer.data(), static_cast<std::size_t>(got));
            total += static_cast<std::size_t>(got);
        }
        return total;
    }
    /// With TLS, encrypted bytes.
    std::uint64_t bytes_from_socket() const { return tls_ != nullptr ? tls_->bytes_from_socket() : received.size(); }
    std::vector<WireFrame> frames() {
        read();
        return parse_frames(received);
    }
    /// Whether the server's end of stream was read.
    bool saw_end() const { return saw_end_ && !was_reset_; }
    bool was_reset() const { return was_reset_; }

    void shut_down() { ::shutdown(fd_, SHUT_WR); }
    void hang_up() {
        if (fd_ >= 0) ::close(std::exchange(fd_, -1));
    }
    /// Ends the connection with a RST. TCP only.
    void reset() {
        const linger at_once{.l_onoff = 1, .l_linger = 0};
        ASSERT_EQ(::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once), 0);
        hang_up();
    }

private:
    int fd_;
    std::unique_ptr<TlsClient> tls_;  // null without TLS
    bool saw_end_ = false;
    bool was_reset_ = false;
};

/// The calls of a connection's handler, and its behavior.
struct HandlerRecord {
    std::vector<std::string> texts;
    int pings = 0;
    int other_frames = 0;
    int closed = 0;
    bool answers_pings = true;
    std::function<void(WsSession&, std::string_view)> on_text = {};
    std::function<void(WsSession&)> on_other_frame = {};
};

class RecordingHandler final : public WsHandler {
public:
    /// The record outlives the connection.
    explicit RecordingHandler(std::shared_ptr<HandlerRecord> record) : shared_(std::move(record)), record_(*shared_) {}

    void on_text(WsSession& session, std::string_view message) override {
        EXPECT_EQ(record_.closed, 0) << "called after on_closed";
        record_.texts.emplace_back(message);
        if (record_.on_text) record_.on_text(session, message);
    }
    bool on_ping(WsSession&) override {
        EXPECT_EQ(record_.closed, 0) << "called after on_closed";
        ++record_.pings;
        return record_.answers_pings;
    }
    void on_other_frame(WsSession& session) override {
        EXPECT_EQ(record_.closed, 0) << "called after on_closed";
        ++record_.other_frames;
        if (record_.on_other_frame) record_.on_other_frame(session);
    }
    void on_closed() override { ++record_.closed; }

private:
    const std::shared_ptr<HandlerRecord> shared_;
    HandlerRecord& record_;
};

inline std::string client_close(CloseCode code, std::string_view reason = {}) {
    return client_frame(roomlog::Opcode::close, encode_close_payload(code, reason));
}

struct Connection {
    Connection(SessionId session, int fd) : id(session), peer(fd) {}

    SessionId id;
    Peer peer;
    int server_fd = -1;  ///< Owned by the session: valid until it is gone.
    std::shared_ptr<HandlerRecord> shared_record = std::make_shared<HandlerRecord>();
    HandlerRecord& record = *shared_record;
};

inline constexpr int kSmallBuffer = 4096;  ///< For `Wish::send_buffer_bytes`: full after a few frames.

class HubTest : public testing::Test {
protected:
    explicit HubTest(WsSettings settings = {}) : hub(1, settings) {
        // Two descriptors for each connection.
        rlimit files{};
        ::getrlimit(RLIMIT_NOFILE, &files);
        files.rlim_cur = files.rlim_max;
        ::setrlimit(RLIMIT_NOFILE, &files);
    }

    struct Wish {
        int send_buffer_bytes = 0;     ///< 0: the kernel's default.
        int receive_buffer_bytes = 0;  ///< Of the peer; with `tcp` only.
        std::string first_bytes = {};
        std::string unread = {};
        bool tcp = false;
        bool tls = false;
        Asker asker = {};
    };
    std::unique_ptr<Connection> connect() { return connect(Wish{}); }
    std::unique_ptr<Connection> connect(Wish wish) {
        const auto [server, peer] = wish.tcp ? tcp_pair(wish.receive_buffer_bytes) : unix_pair();
        if (wish.send_buffer_bytes != 0)
            ::setsockopt(server, SOL_SOCKET, SO_SNDBUF, &wish.send_buffer_bytes, sizeof wish.send_buffer_bytes);
        auto connection = std::make_unique<Connection>(hub.next_id(), peer);
        connection->server_fd = server;
        StreamSocket socket =
            wish.tls ? handshake(FileDescriptor(server), connection->peer) : StreamSocket(FileDescriptor(server));
        hub.adopt(connection->id, std::move(socket), wish.first_bytes, wish.unread,
                  std::make_unique<RecordingHandler>(connection->shared_record), wish.asker);
        return connection;
    }
    StreamSocket handshake(FileDescriptor fd, Peer& peer) {
        StreamSocket socket(std::move(fd), test_tls(), tls_buffers);
        TlsClient& client = peer.use_tls();
        while (!client.handshake() || socket.is_handshaking()) {
            if (socket.receive(read_buffer) >= 0 || errno != EAGAIN) ADD_FAILURE() << "the handshake fails";
        }
        return socket;
    }
    std::unique_ptr<Connection> connect_to(TopicId topic) { return connect_to(topic, Wish{}); }
    std::unique_ptr<Connection> connect_to(TopicId topic, Wish wish) {
        auto connection = connect(std::move(wish));
        hub.subscribe(session(*connection), topic, logs[topic].bytes.size());
        return connection;
    }
    WsSession& session(const Connection& connection) { return *hub.find(connection.id); }
    bool is_gone(const Connection& connection) { return hub.find(connection.id) == nullptr; }

    /// Appends a text frame to the log of a topic and publishes it to the hub.
    void say(TopicId topic, std::string_view payload) {
        std::string frame;
        roomlog::append_frame(frame, roomlog::Opcode::text, payload);
        logs[topic].writer.append(frame);
        logs[topic].bytes += frame;
        publish(topic);
    }
    void publish(TopicId topic) {
        for (const roomlog::Slice& slice : logs[topic].writer.take_unpublished()) hub.extend(topic, slice);
    }
    /// As `say`, in a block that only the hub holds: the returned pointer expires when the hub has released it. A test
    /// uses either `say` or this for a topic.
    std::weak_ptr<const char[]> say_in_own_block(TopicId topic, std::string_view payload) {
        std::string frame;
        roomlog::append_frame(frame, roomlog::Opcode::text, payload);
        roomlog::Slice slice = roomlog::make_slice(frame);
        slice.begin = logs[topic].bytes.size();
        logs[topic].bytes += frame;
        hub.extend(topic, slice);
        return slice.block;
    }

    void poll() { hub.poll(read_buffer); }
    /// Polls until the session has read what the peer has sent; one poll may leave sockets for the next.
    void poll_until_read(const Connection& connection) {
        int unread = 0;
        do {
            poll();
            if (!is_gone(connection) && ::ioctl(connection.server_fd, FIONREAD, &unread) != 0)
                ADD_FAILURE() << "FIONREAD fails";
        } while (!is_gone(connection) && unread > 0);
    }
    /// One loop iteration of the I/O thread.
    std::chrono::steady_clock::time_point iterate() {
        poll();
        const auto next = hub.fan_out();
        hub.end_iteration();
        return next;
    }
    /// Iterates until the hub only waits for peers or for time.
    void settle() {
        for (int i = 0; i < 2'000'000; ++i) {
            const bool is_idle = iterate() == std::chrono::steady_clock::time_point::max();
            pollfd ready{.fd = hub.descriptor(), .events = POLLIN, .revents = 0};
            if (is_idle && ::poll(&ready, 1, 0) == 0) return;
        }
        ADD_FAILURE() << "the hub never becomes idle";
    }
    /// Advances the time second by second, so that no timer is late by more.
    void wait_seconds(int seconds) {
        for (int i = 0; i < seconds; ++i) {
            hub.advance(hub.wheel().now() + ticks(std::chrono::seconds{1}));
            settle();
        }
    }
    /// The peer reads and the hub iterates until no bytes move and none are in flight.
    void drain(Connection& connection) {
        for (bool moves = true; moves;) {
            moves = is_in_flight(connection);
            settle();
            const std::uint64_t before = connection.peer.bytes_from_socket();
            connection.peer.read();
            moves = moves || connection.peer.bytes_from_socket() > before;
        }
    }
    /// Whether the peer has still to read bytes that the server's socket has taken, or its end. The kernel may move
    /// them later than the call that sent them.
    bool is_in_flight(const Connection& connection) {
        if (is_gone(connection)) return !connection.peer.saw_end() && !connection.peer.was_reset();
        int unacknowledged = 0;
        if (::ioctl(connection.server_fd, SIOCOUTQ, &unacknowledged) != 0) ADD_FAILURE() << "SIOCOUTQ fails";
        return unacknowledged > 0;
    }

    /// Publishes enough to fill a socket with a small buffer in the middle of a frame.
    void fill(TopicId topic) {
        for (int i = 0; i < 40; ++i) say(topic, std::string(1999, static_cast<char>('a' + i % 26)));
        settle();
    }
    /// The only connection has ended, and its handler was called once.
    void expect_gone(const Connection& connection) {
        EXPECT_TRUE(is_gone(connection));
        EXPECT_EQ(connection.record.closed, 1);
        EXPECT_EQ(hub.size(), 0U);
    }

    struct Log {
        roomlog::PublishedLog writer;
        std::string bytes;  ///< All frames of the log.
    };
    std::map<TopicId, Log> logs;
    std::vector<char> read_buffer = std::vector<char>(64 << 10);
    TlsBuffers tls_buffers;
    WsHub hub;
};

}  // namespace globes::net
