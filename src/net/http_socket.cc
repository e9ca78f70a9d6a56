#include "net/http_socket.h"

#include <linux/sockios.h>
#include <sys/ioctl.h>

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

std::size_t HttpSocket::read(std::span<char> buffer, error_code& error) {
    const std::size_t count = outcome(socket_.receive(buffer), error);
    if (count == 0 && !error) error = boost::asio::error::eof;
    return count;
}

std::size_t HttpSocket::write(std::string_view bytes, error_code& error) { return outcome(socket_.send(bytes), error); }

void HttpSocket::flush(error_code& error) { outcome(socket_.flush() ? 0 : -1, error); }

std::size_t HttpSocket::unacknowledged() const {
    int bytes = 0;  // stays zero if the socket is of a kind that does not know it
    ::ioctl(socket_.fd(), SIOCOUTQ, &bytes);
    return static_cast<std::size_t>(bytes) + socket_.unsent();
}

void HttpSocket::cancel() {
    error_code ignored;
    if (waiter_) waiter_->cancel(ignored);
}

void HttpSocket::shut_down_sending(error_code& error) { outcome(socket_.shut_down_sending() ? 0 : -1, error); }

void HttpSocket::close() { release(); }

StreamSocket HttpSocket::release() {
    if (waiter_ && waiter_->is_open()) waiter_->release();
    return std::exchange(socket_, {});
}

void HttpSocket::join_loop() {
    if (waiter_) return;
    waiter_.emplace(context_);
    error_code ignored;  // if epoll_ctl fails, the wait ends with an error
    waiter_->assign(socket_.fd(), ignored);
}

}  // namespace globes::net
