// The ceiling: the minimum that a chat server on one thread must do. No HTTP except the upgrade, no JSON, no names, no
// store, no checks against hostile clients. Each loop iteration reads all readable sockets, then sends every room's new
// frames to each member with one call. The difference to Globes is the cost of its features.
// Usage: raw-epoll-chat PORT
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace {

// A member with a larger backlog is closed, so that a stalled reader does not end the comparison.
constexpr std::size_t kMaxBacklogBytes = 16 * 1024 * 1024;
constexpr std::uint8_t kTextFrame = 0x81;
constexpr std::uint8_t kCloseFrame = 0x88;
constexpr std::uint8_t kPingFrame = 0x89;
constexpr std::uint8_t kPongFrame = 0x8a;

struct Room;

struct Member {
    int fd = -1;
    Room* room = nullptr;   ///< Null before the upgrade.
    std::size_t index = 0;  ///< In the room's members.
    std::string in;         ///< An incomplete request or frame.
    std::string out;        ///< Bytes that the socket did not accept.
};

struct Room {
    std::vector<Member*> members;
    std::string news;  ///< Frames since the last loop iteration.
};

class Server {
public:
    explicit Server(std::uint16_t port);
    [[noreturn]] void run();

private:
    void accept_all();
    void receive(Member& member);
    /// Consumes the upgrade request; false if the connection must be closed.
    bool upgrade(Member& member, std::string_view& bytes);
    bool read_frames(Member& member, std::string_view& bytes);
    void broadcast(Room& room);
    bool send_bytes(Member& member, std::string_view bytes);
    void watch(Member& member, int operation);
    void close(Member& member);

    int listener_;
    int poller_;
    std::unordered_map<std::string, Room> rooms_;
    std::unordered_map<int, std::unique_ptr<Member>> members_;
    std::vector<Room*> moved_;
    std::vector<Member*> broken_;
    std::vector<char> buffer_ = std::vector<char>(256 * 1024);
};

void append_frame(std::string& out, std::uint8_t first, std::string_view payload) {
    out.push_back(static_cast<char>(first));
    const std::size_t length = payload.size();
    if (length < 126) {
        out.push_back(static_cast<char>(length));
    } else {
        const bool is_long = length > 0xffff;
        out.push_back(static_cast<char>(is_long ? 127 : 126));
        for (int shift = is_long ? 56 : 8; shift >= 0; shift -= 8) out.push_back(static_cast<char>(length >> shift));
    }
    out.append(payload);
}

std::string accept_value(std::string_view key) {
    const std::string text = std::string(key) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    std::array<unsigned char, SHA_DIGEST_LENGTH> digest;
    SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
    std::array<unsigned char, 32> base64;
    EVP_EncodeBlock(base64.data(), digest.data(), static_cast<int>(digest.size()));
    return reinterpret_cast<const char*>(base64.data());
}

Server::Server(std::uint16_t port)
    : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0)), poller_(::epoll_create1(0)) {
    const int on = 1;
    ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
        ::listen(listener_, 4096) != 0) {
        std::perror("raw-epoll-chat");
        std::exit(1);
    }
    epoll_event interest{.events = EPOLLIN, .data = {.fd = listener_}};
    ::epoll_ctl(poller_, EPOLL_CTL_ADD, listener_, &interest);
}

void Server::run() {
    std::array<epoll_event, 1024> events;
    while (true) {
        const int count = ::epoll_wait(poller_, events.data(), static_cast<int>(events.size()), -1);
        for (int i = 0; i < count; ++i) {
            const epoll_event& event = events[static_cast<std::size_t>(i)];
            if (event.data.fd == listener_) {
                accept_all();
                continue;
            }
            const auto found = members_.find(event.data.fd);
            if (found == members_.end()) continue;
            Member& member = *found->second;
            if ((event.events & EPOLLOUT) != 0 && !send_bytes(member, {})) {
                close(member);
                continue;
            }
            if ((event.events & (EPOLLIN | EPOLLERR | EPOLLHUP)) != 0) receive(member);
        }
        for (Room* room : std::exchange(moved_, {})) broadcast(*room);
        for (Member* member : std::exchange(broken_, {})) close(*member);
    }
}

void Server::accept_all() {
    while (true) {
        const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK);
        if (fd < 0) return;
        const int on = 1;
        ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        auto member = std::make_unique<Member>();
        member->fd = fd;
        watch(*member, EPOLL_CTL_ADD);
        members_[fd] = std::move(member);
    }
}

void Server::receive(Member& member) {
    const ssize_t n = ::recv(member.fd, buffer_.data(), buffer_.size(), 0);
    if (n < 0 && errno == EAGAIN) return;
    if (n <= 0) return close(member);
    std::string_view bytes(buffer_.data(), static_cast<std::size_t>(n));
    std::string joined;
    if (!member.in.empty()) {
        joined = std::exchange(member.in, {}).append(bytes);
        bytes = joined;
    }
    if (member.room == nullptr && !upgrade(member, bytes)) return close(member);
    if (member.room != nullptr && !read_frames(member, bytes)) return close(member);
    if (!bytes.empty()) member.in = bytes;
}

bool Server::upgrade(Member& member, std::string_view& bytes) {
    const std::size_t end = bytes.find("\r\n\r\n");
    if (end == std::string_view::npos) return true;
    const std::string_view head = bytes.substr(0, end + 2);
    bytes.remove_prefix(end + 4);
    constexpr std::string_view kKey = "Sec-WebSocket-Key: ";
    const std::size_t key = head.find(kKey);
    if (!head.starts_with("GET ") || key == std::string_view::npos) return false;
    const std::string_view value = head.substr(key + kKey.size());
    const std::string answer =
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " +
        accept_value(value.substr(0, value.find('\r'))) + "\r\n\r\n";
    if (!send_bytes(member, answer)) return false;
    const std::string path(head.substr(4, head.find(' ', 4) - 4));
    member.room = &rooms_[path];
    member.index = member.room->members.size();
    member.room->members.push_back(&member);
    return true;
}

bool Server::read_frames(Member& member, std::string_view& bytes) {
    while (bytes.size() >= 6) {
        const auto first = static_cast<std::uint8_t>(bytes[0]);
        std::size_t length = static_cast<std::uint8_t>(bytes[1]) & 0x7f;
        const std::size_t extended = length < 126 ? 0 : length == 126 ? 2 : 8;
        if (bytes.size() < 6 + extended) return true;
        if (extended > 0) length = 0;
        for (std::size_t i = 0; i < extended; ++i) length = length << 8 | static_cast<std::uint8_t>(bytes[2 + i]);
        const std::size_t header = 6 + extended;
        if (bytes.size() - header < length) return true;
        const std::string_view key = bytes.substr(header - 4, 4);
        std::string payload(bytes.substr(header, length));
        for (std::size_t i = 0; i < length; ++i) payload[i] = static_cast<char>(payload[i] ^ key[i % 4]);
        bytes.remove_prefix(header + length);
        if (first == kTextFrame) {
            if (member.room->news.empty()) moved_.push_back(member.room);
            append_frame(member.room->news, kTextFrame, payload);
        } else if (first == kPingFrame) {
            std::string pong;
            append_frame(pong, kPongFrame, payload);
            if (!send_bytes(member, pong)) return false;
        } else if (first == kCloseFrame) {
            std::string goodbye;
            append_frame(goodbye, kCloseFrame, payload);
            send_bytes(member, goodbye);
            return false;
        }
    }
    return true;
}

void Server::broadcast(Room& room) {
    for (Member* member : room.members) {
        if (!send_bytes(*member, room.news)) broken_.push_back(member);
    }
    room.news.clear();
}

bool Server::send_bytes(Member& member, std::string_view bytes) {
    const bool waited = !member.out.empty();
    if (waited) {
        if (member.out.size() + bytes.size() > kMaxBacklogBytes) return false;
        member.out.append(bytes);
        bytes = member.out;
    }
    const ssize_t n = ::send(member.fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n < 0 && errno != EAGAIN) return false;
    std::string rest(bytes.substr(n > 0 ? static_cast<std::size_t>(n) : 0));
    member.out = std::move(rest);
    if (waited != !member.out.empty()) watch(member, EPOLL_CTL_MOD);
    return true;
}

void Server::watch(Member& member, int operation) {
    epoll_event interest{};
    interest.events = static_cast<std::uint32_t>(EPOLLIN);
    if (!member.out.empty()) interest.events |= static_cast<std::uint32_t>(EPOLLOUT);
    interest.data.fd = member.fd;
    ::epoll_ctl(poller_, operation, member.fd, &interest);
}

void Server::close(Member& member) {
    if (member.room != nullptr) {
        auto& members = member.room->members;
        members.back()->index = member.index;
        members[member.index] = members.back();
        members.pop_back();
    }
    const int fd = member.fd;
    ::close(fd);
    members_.erase(fd);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fputs("usage: raw-epoll-chat PORT\n", stderr);
        return 2;
    }
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
    Server(static_cast<std::uint16_t>(std::atoi(argv[1]))).run();
}
