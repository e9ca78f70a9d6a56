// A room log whose slices a test publishes when it wants, joined as the core joins them.
#pragma once

#include <string_view>
#include <utility>
#include <vector>

#include "roomlog/log_writer.h"

namespace globes::roomlog {

class PublishedLog {
public:
    Slice append(std::string_view frames) {
        const Slice slice = writer_.append(frames);
        if (!unpublished_.empty() && unpublished_.back().block == slice.block) {
            unpublished_.back().size += slice.size;
        } else {
            unpublished_.push_back(slice);
        }
        return slice;
    }
    Position end() const { return writer_.end(); }
    /// Everything that was appended since the last call, oldest first.
    std::vector<Slice> take_unpublished() { return std::exchange(unpublished_, {}); }

private:
    LogWriter writer_;
    std::vector<Slice> unpublished_;
};

}  // namespace globes::roomlog
