// A value of an I/O thread that other threads pass on.
#pragma once

#include <memory>
#include <utility>

#include "net/io_thread.h"

namespace globes::api {

/// Holds a value of an I/O thread, such as a callback that may have the last reference to a connection. The value is
/// created and freed there: an owner that is destroyed on another thread, such as after an exception, posts it back.
/// Thread: any may move and destroy the owner. The IoThread must outlive it.
template <class Value>
class IoOwned {
public:
    IoOwned(net::IoThread& io, Value value) : io_(&io), value_(std::make_unique<Value>(std::move(value))) {}
    IoOwned(IoOwned&&) noexcept = default;
    IoOwned& operator=(IoOwned&&) = delete;
    ~IoOwned() {
        if (value_ != nullptr) io_->post([value = std::move(value_)] {});
    }

    /// For a task that is posted to the I/O thread, which then frees the value.
    std::unique_ptr<Value> release() { return std::move(value_); }

private:
    net::IoThread* io_;
    std::unique_ptr<Value> value_;
};

}  // namespace globes::api
