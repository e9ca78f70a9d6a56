#include "bench/room_setup.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstring>
#include <stdexcept>

#include "bench/socket.h"

namespace globes::bench {
namespace {

// Concurrent requests, each on its own connection, so that a server with group commit can batch them.
constexpr std::size_t kParallel = 64;

/// Unique titles: they must not collide with those of an earlier or a concurrent run.
std::string run_tag() {
    const auto time = std::chrono::system_clock::now().time_since_epoch();
    return fmt::format("{:x}-{:x}", std::chrono::duration_cast<std::chrono::milliseconds>(time).count(), ::getpid());
}

void send_create(const Socket& socket, const Options& options, const std::string& title) {
    const std::string body = fmt::format(R"({{"title":"{}","visibility":"public"}})", title);
    const std::string request = fmt::format(
        "POST /chats HTTP/1.1\r\nHost: {}:{}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{}",
        options.host, options.port, body.size(), body);
    if (::send(socket.fd(), request.data(), request.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request.size())) {
        throw std::runtime_error("the server closed the connection while rooms were created");
    }
}

/// The value of a header, whose name is given in lower case with its colon; empty if it is absent.
std::string_view header_value(std::string_view head, std::string_view lower_name) {
    const auto same = [](char in_head, char in_name) {
        return (in_head >= 'A' && in_head <= 'Z' ? in_head + ('a' - 'A') : in_head) == in_name;
    };
    const auto found = std::ranges::search(head, lower_name, same);
    if (found.empty()) return {};
    std::string_view rest(found.end(), head.end());
    rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
    return rest.substr(0, rest.find('\r'));
}

/// Reads one answer to its end and returns the id of the new room.
std::string receive_created(const Socket& socket) {
    std::string answer;
    std::size_t needed = std::string::npos;
    while (answer.size() < needed) {
        char buffer[4096];
        const ssize_t n = ::recv(socket.fd(), buffer, sizeof buffer, 0);
        if (n <= 0) throw std::runtime_error("the server closed the connection instead of creating a room");
        answer.append(buffer, static_cast<std::size_t>(n));
        const std::size_t head = answer.find("\r\n\r\n");
        if (needed == std::string::npos && head != std::string::npos) {
            const auto length = header_value(std::string_view(answer).substr(0, head), "content-length:");
            std::size_t body = 0;
            std::from_chars(length.data(), length.data() + length.size(), body);
            needed = head + 4 + body;
        }
    }
    const std::string_view location = header_value(answer, "location: /chats/");
    if (!answer.starts_with("HTTP/1.1 201") || location.empty()) {
        throw std::runtime_error("POST /chats was refused (use --protocol plain for servers other than Globes):\n" +
                                 answer);
    }
    return std::string(location);
}

std::vector<std::string> create_rooms(const Options& options, std::size_t count) {
    const sockaddr_in server = make_endpoint(options.host, options.port);
    std::vector<Socket> sockets;
    sockets.reserve(std::min(count, kParallel));
    for (std::size_t i = 0; i < std::min(count, kParallel); ++i) sockets.push_back(connect_blocking(server));
    const std::string tag = run_tag();
    std::vector<std::string> ids;
    ids.reserve(count);
    while (ids.size() < count) {
        const std::size_t round = std::min(count - ids.size(), sockets.size());
        for (std::size_t i = 0; i < round; ++i)
            send_create(sockets[i], options, fmt::format("bench {} {}", tag, ids.size() + i));
        for (std::size_t i = 0; i < round; ++i) ids.push_back(receive_created(sockets[i]));
    }
    return ids;
}

}  // namespace

std::string room_path(const Options& options, std::string_view room) {
    std::string path = options.path;
    const std::size_t at = path.find("{room}");
    return at == std::string::npos ? path : path.replace(at, std::strlen("{room}"), room);
}

std::vector<std::string> prepare_rooms(const Options& options) {
    const std::size_t entered = options.rooms + (options.idle > 0 ? 1u : 0u);
    std::vector<std::string> rooms;
    if (options.protocol == Protocol::globes) {
        rooms = create_rooms(options, entered + options.empty_rooms);
        rooms.resize(entered);
    } else {
        const std::string tag = run_tag();
        for (std::size_t i = 0; i < entered; ++i) rooms.push_back(fmt::format("{}-{}", tag, i));
    }
    return rooms;
}

}  // namespace globes::bench
