#include "net/http_hub.h"

#include <unistd.h>

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
    if (stopping_) {
        ::close(fd);
        return;
    }
    const auto session = std::make_shared<HttpSession>(*this, fd, std::move(peer_address));
    sessions_.insert(session);
    session->start();
}

void HttpHub::stop() {
    stopping_ = true;
    const std::vector<std::shared_ptr<HttpSession>> sessions(sessions_.begin(), sessions_.end());
    for (const auto& session : sessions) session->stop();
}

}  // namespace globes::net
