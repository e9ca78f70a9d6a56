// How many files of the folder `Static` may be open for clients that have not taken them completely. Each of them needs
// a descriptor besides that of its connection, so the server has to leave descriptors for them. Owned by the server.
// Thread: any.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>

namespace globes::api {

class OpenFiles {
public:
    explicit OpenFiles(std::size_t most) : most_(most) {}
    OpenFiles(const OpenFiles&) = delete;
    OpenFiles& operator=(const OpenFiles&) = delete;

    /// Counts a file until the last copy is destroyed. MUST NOT outlive the object that gave it.
    using Permit = std::shared_ptr<void>;
    /// Null if as many files are open as may be.
    Permit take() {
        std::size_t before = open_.load(std::memory_order_relaxed);
        do {
            if (before >= most_) return nullptr;
        } while (!open_.compare_exchange_weak(before, before + 1, std::memory_order_relaxed));
        return {&open_, [](std::atomic<std::size_t>* open) { open->fetch_sub(1, std::memory_order_relaxed); }};
    }

private:
    const std::size_t most_;
    std::atomic<std::size_t> open_ = 0;
};

}  // namespace globes::api
