#include "bench/connection.h"

#include <fmt/format.h>

#include <cerrno>

namespace globes::bench {
namespace {

// Makes stalled readers block soon: with the kernel's default, megabytes fit into the socket first.
constexpr int kStalledReceiveBytes = 4096;

}  // namespace

bool Connection::start(const sockaddr_in& server, const sockaddr_in* source, std::string_view request, bool with_tls) {
    socket_ = start_connect(server, source, participant.role == Role::stalled ? kStalledReceiveBytes : 0);
    if (!socket_) return false;
    if (with_tls) socket_.use_tls();
    state = State::handshake;
    waits_for_output = false;
    ++generation;
    out_ = request;
    return flush();
}

bool Connection::flush() {
    if (out_.empty()) return true;
    const ssize_t n = socket_.send(out_);
    if (n < 0) return errno == EAGAIN || errno == EINTR;
    if (static_cast<std::size_t>(n) < out_.size()) {
        out_.erase(0, static_cast<std::size_t>(n));
    } else if (participant.sender != nullptr) {
        out_.clear();
    } else {
        std::string().swap(out_);
    }
    return true;
}

std::string_view Connection::join_kept(std::string_view bytes) {
    if (kept_.empty()) return bytes;
    kept_.append(bytes);
    return kept_;
}

void Connection::keep(std::string_view rest) {
    if (rest.empty()) {
        std::string().swap(kept_);
    } else if (kept_.empty()) {
        kept_ = rest;
    } else {
        kept_.erase(0, kept_.size() - rest.size());
    }
}

Connection::Handshake Connection::read_handshake(std::string_view& bytes, std::string& answer) {
    const std::size_t end = bytes.find("\r\n\r\n");
    if (end == std::string_view::npos) return Handshake::incomplete;
    answer = bytes.substr(0, bytes.find('\r'));
    bytes.remove_prefix(end + 4);
    if (!answer.starts_with("HTTP/1.1 101")) return Handshake::refused;
    state = State::open;
    return Handshake::accepted;
}

void Connection::close() {
    socket_.reset();
    state = State::closed;
    std::string().swap(kept_);
    std::string().swap(out_);
}

std::string upgrade_request(std::string_view host, std::uint16_t port, std::string_view path) {
    // The key in the answer is not checked: a server that upgrades without computing it fails elsewhere.
    return fmt::format(
        "GET {} HTTP/1.1\r\nHost: {}:{}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: Z2xvYmVzLWJlbmNoLWtleQ==\r\n\r\n",
        path, host, port);
}

}  // namespace globes::bench
