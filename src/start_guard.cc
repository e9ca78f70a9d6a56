#include "start_guard.h"

#include <spdlog/spdlog.h>

#include <chrono>

#include "base/process.h"

namespace globes {
namespace {

// How long a start may continue after a signal that stops the server.
constexpr std::chrono::seconds kStartTime{3};

}  // namespace

StartGuard::StartGuard(boost::asio::io_context& context, const int& signal, const EndProcess& end_process)
    : context_(context), thread_([this, &signal, &end_process] {
          name_this_thread("start");
          context_.run();
          MutexLock lock(mutex_);
          if (has_ended_.wait_for(lock, kStartTime, [&]() REQUIRES(mutex_) { return is_over_ || signal == 0; })) return;
          spdlog::warn("event=start_given_up");
          spdlog::default_logger()->flush();
          end_process(signal);
      }) {}

StartGuard::~StartGuard() {
    {
        const MutexLock lock(mutex_);
        is_over_ = true;
    }
    has_ended_.notify_all();
    context_.stop();
    thread_.join();
}

}  // namespace globes
