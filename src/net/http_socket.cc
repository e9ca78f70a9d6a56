#include "net/http_socket.h"

#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/error.hpp>
#include <cerrno>

namespace globes::net {
namespace {

using boost::system::error_code;

std::size_t outcome(ssize_t count, error_code& error) {
    error = {};
    if (count >= 0) return static_cast<std::size_t>(count);
    error.assign(errno, boost::system::system_category());
    return 0;
}

}  // namespace

std::size_t HttpSocket::read(std::span<char> buffer, error_code& error) const {
    const std::size_t count = outcome(::recv(fd_, buffer.data(), buffer.size(), MSG_DONTWAIT), error);
    if (count == 0 && !error) error = boost::asio::error::eof;
    return count;
}

std::size_t HttpSocket::write(std::string_view bytes, error_code& error) const {
    return outcome(::send(fd_, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL), error);
}

void HttpSocket::cancel() {
    error_code ignored;
    if (waiter_) waiter_->cancel(ignored);
}

void HttpSocket::shut_down_sending(error_code& error) const { outcome(::shutdown(fd_, SHUT_WR), error); }

void HttpSocket::close() {
    const int fd = std::exchange(fd_, -1);
    error_code ignored;
    if (has_joined()) {
        waiter_->close(ignored);
    } else if (fd >= 0) {
        ::close(fd);
    }
}

int HttpSocket::release() {
    if (has_joined()) waiter_->release();
    return std::exchange(fd_, -1);
}

void HttpSocket::join_loop() {
    if (waiter_) return;
    waiter_.emplace(context_);
    error_code ignored;  // if epoll_ctl fails, the wait ends with an error
    waiter_->assign(fd_, ignored);
}

}  // namespace globes::net
