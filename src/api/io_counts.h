// Counters of the handlers of one I/O thread, for `GET /metrics`. Owned by the core link. That thread counts, any
// thread reads.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "api/wire/errors.h"
#include "base/metrics.h"

namespace globes::api {

class IoCounts {
public:
    static constexpr int kStatusClasses = 5;

    // I/O thread only.
    void add_request(int status) { requests_.at(static_cast<std::size_t>(status / 100 - 1)).add(); }
    void add_refusal(ErrorCode code) { refusals_.at(index_of(code)).add(); }
    void add_history_read() { history_reads_.add(); }

    // Any thread.
    /// Requests whose response has a status of `status_class`: 1 (upgrades) to 5.
    std::uint64_t requests(int status_class) const {
        return requests_.at(static_cast<std::size_t>(status_class - 1)).value();
    }
    /// Events of connections that were refused with `code`.
    std::uint64_t refusals(ErrorCode code) const { return refusals_.at(index_of(code)).value(); }
    /// Pages of history that were requested over HTTP and read from the store.
    std::uint64_t history_reads() const { return history_reads_.value(); }

private:
    static std::size_t index_of(ErrorCode code) {
        return static_cast<std::size_t>(&error_entry(code) - error_table().data());
    }

    std::array<Count, kStatusClasses> requests_;
    std::vector<Count> refusals_ = std::vector<Count>(error_table().size());  // in the order of the table
    Count history_reads_;
};

}  // namespace globes::api
