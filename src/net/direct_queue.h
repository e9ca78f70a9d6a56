// The direct queue of a connection: frames for this connection alone that its socket has not taken yet (acks, errors,
// pongs, replayed pages, the close frame). A state machine without I/O. Owned by the session, whose thread makes all
// calls. An empty queue is one pointer and holds no memory.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string_view>

#include "base/ring.h"
#include "roomlog/slice.h"

namespace globes::net {

class DirectQueue {
public:
    using Callback = std::move_only_function<void()>;
    /// Whether frames count against the connection's limit until they are sent completely.
    enum class Limit : bool {
        exempt,   ///< The sender bounds them itself and waits with `when_empty`.
        counted,  ///< They count in `counted_bytes`.
    };

    bool empty() const { return queue_ == nullptr || queue_->parts.empty(); }
    /// The size in bytes of all counted frames in the queue; those of a half-sent part included, in full.
    std::size_t counted_bytes() const { return queue_ == nullptr ? 0 : queue_->counted_bytes; }
    /// Whether the socket has taken a part of the next frames and not all of them.
    bool is_half_sent() const { return queue_ != nullptr && queue_->sent > 0; }

    /// Appends complete frames. `sent`: how many of their bytes the socket has taken already, less than all; MUST be 0
    /// unless the queue is empty.
    void push(roomlog::Slice frames, Limit limit, std::size_t sent = 0);
    /// Prepends the rest of a half-sent frame that was not in this queue; it is exempt. The queue MUST NOT be half
    /// sent.
    void push_rest(roomlog::Slice rest);

    /// The bytes to send next. The queue MUST NOT be empty.
    std::string_view next() const;
    /// Removes `bytes` bytes, at most the size of `next()`, which the socket has taken.
    void pop(std::size_t bytes);

    /// Stores the callback that `finish` returns. It replaces an earlier one. The queue MUST NOT be empty.
    void when_empty(Callback then);
    /// Frees the memory of an empty queue and returns the callback, or a null one.
    Callback finish();

private:
    struct Part {
        roomlog::Slice slice;
        Limit limit;
    };
    struct Queue {
        Ring<Part> parts;
        std::size_t sent = 0;           // of the first part
        std::size_t counted_bytes = 0;  // sum of the sizes of the counted parts
        Callback then;
    };
    Queue& allocated();

    std::unique_ptr<Queue> queue_;  // null if the queue is empty and has no callback
};

}  // namespace globes::net
