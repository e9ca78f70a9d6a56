#include "net/http_hub.h"

#include <unistd.h>

#include <boost/asio/ip/tcp.hpp>
#include <utility>
#include <vector>

namespace globes::net {

HttpHub::HttpHub(boost::asio::io_context& context, TimerWheel& wheel, std::span<char> read_buffer, const Clock& clock,
                 HttpSettings settings, HttpHandler handler)
    : context_(context),
      wheel_(wheel),
      read_buffer_(read_buffer),
      clock_(clock),
      settings_(std::move(settings)),
      handler_(std::move(handler)) {}

HttpHub::~HttpHub() {
    while (!sessions_.empty()) (*sessions_.begin())->close();
}

void HttpHub::adopt(int fd, std::string peer_address) {
    namespace ip = boost::asio::ip;
    ip::tcp::socket socket(context_);
    boost::system::error_code error;
    // The family is for sockets that are yet to be bound or connected; this one is neither.
    if (!stopping_) socket.assign(ip::tcp::v4(), fd, error);
    if (!socket.is_open()) {
        ::close(fd);
        return;
    }
    socket.non_blocking(true, error);
    socket.set_option(ip::tcp::no_delay(true), error);  // best effort: not every kind of socket has it
    auto session = std::make_shared<HttpSession>(*this, std::move(socket), std::move(peer_address));
    sessions_.insert(session);
    session->start();
}

void HttpHub::stop() {
    stopping_ = true;
    const std::vector<std::shared_ptr<HttpSession>> sessions(sessions_.begin(), sessions_.end());
    for (const auto& session : sessions) session->stop();
}

}  // namespace globes::net
