#include "net/proxy_header_reader.h"

#include <poll.h>
#include <sys/socket.h>

#include <boost/system/error_code.hpp>
#include <cassert>
#include <cerrno>
#include <string_view>
#include <utility>

#include "base/task_boundary.h"

namespace globes::net {
namespace {

void set_least_readable(const FileDescriptor& socket, std::size_t bytes) {
    const int value = static_cast<int>(bytes);
    ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVLOWAT, &value, sizeof value);
}

}  // namespace

ProxyHeaderReader::ProxyHeaderReader(const ProxyHeaderContext& context, FileDescriptor socket, Done done)
    : context_(context), socket_(std::move(socket)), waiter_(context.io), done_(std::move(done)) {
    assert(context.buffer.size() >= kMaxProxyHeaderV2);
}

void ProxyHeaderReader::start() {
    context_.wheel.arm(*this, context_.wheel.now() + context_.idle_timeout + 1);
    look();
}

void ProxyHeaderReader::close() {
    if (waiter_.is_open()) waiter_.release();  // before the descriptor is closed and may be given to another socket
    socket_ = {};
    done_ = nullptr;
}

void ProxyHeaderReader::on_timer(Tick) {
    if (done_) fail();
}

/// Does not take the bytes: those after the header are not for this class, and neither are all if there is no header.
void ProxyHeaderReader::look() {
    const auto buffer = context_.buffer.first(kMaxProxyHeaderV2);
    const ssize_t count = ::recv(socket_.get(), buffer.data(), buffer.size(), MSG_PEEK | MSG_DONTWAIT);
    if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) return wait_for(1);
    if (count <= 0) return fail();
    const std::string_view begin(buffer.data(), static_cast<std::size_t>(count));
    const ProxyHeader header = parse_proxy_header(begin);
    if (header.kind == ProxyHeader::Kind::partial) {
        if (awaited_ <= 1) context_.wheel.arm(*this, context_.wheel.now() + context_.read_timeout + 1);
        return wait_for(header.bytes);
    }
    if (header.kind == ProxyHeader::Kind::complete) {
        const ssize_t taken = ::recv(socket_.get(), buffer.data(), header.bytes, MSG_DONTWAIT);
        assert(std::cmp_equal(taken, header.bytes));
        static_cast<void>(taken);
    }
    finish(header);
}

/// The bytes that were looked at stay in the socket, so without a least number it would be readable at once.
void ProxyHeaderReader::wait_for(std::size_t bytes) {
    if (bytes > 1) {
        if (has_ended()) return fail();
        set_least_readable(socket_, bytes);
    }
    awaited_ = bytes;
    boost::system::error_code failure;
    if (!waiter_.is_open()) waiter_.assign(socket_.get(), failure);
    waiter_.async_wait(boost::asio::posix::descriptor_base::wait_read,
                       [self = shared_from_this()](const boost::system::error_code& error) {
                           if (error || !self->done_) return;
                           if (!run_task(TaskThread::io, [&] { self->look(); }) && self->done_) self->fail();
                       });
}

/// Whether the proxy has closed its side. `recv` does not tell while there are bytes before the end.
bool ProxyHeaderReader::has_ended() const {
    pollfd state{.fd = socket_.get(), .events = POLLRDHUP, .revents = 0};
    return ::poll(&state, 1, 0) > 0;
}

void ProxyHeaderReader::fail() {
    if (waiter_.is_open()) waiter_.release();
    socket_ = {};
    finish({});
}

void ProxyHeaderReader::finish(const ProxyHeader& header) {
    const auto self = shared_from_this();
    if (waiter_.is_open()) waiter_.release();
    if (awaited_ > 1 && socket_.is_open()) set_least_readable(socket_, 1);
    if (Done done = std::exchange(done_, nullptr)) done(self, std::move(socket_), header);
}

}  // namespace globes::net
