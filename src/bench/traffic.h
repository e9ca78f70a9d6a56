// The messages of one worker's connections: composes messages, accounts for every delivery, and keeps the checker of
// each room. Payloads in, payloads out, no sockets. Owned by the worker, its thread only.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bench/client_messages.h"
#include "bench/histogram.h"
#include "bench/room_order.h"
#include "bench/run_state.h"

namespace globes::bench {

/// The due times of a steady series: the k-th is due at start + k / rate, regardless of earlier delays. A schedule that
/// waits for the server would hide its pauses (coordinated omission).
class Pace {
public:
    static constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

    /// A pace that is never due.
    Pace() = default;
    /// `start_ns`: when the first is due. `per_s` is above 0.
    Pace(std::int64_t start_ns, double per_s) : start_ns_(start_ns), interval_ns_(1e9 / per_s) {}

    std::int64_t next_ns() const {
        if (interval_ns_ == 0) return kNever;
        return start_ns_ + static_cast<std::int64_t>(static_cast<double>(taken_) * interval_ns_);
    }

    /// The intended time of the next one if it is due; call until empty to catch up.
    std::optional<std::int64_t> take(std::int64_t now_ns) {
        const std::int64_t due_ns = next_ns();
        if (due_ns > now_ns) return std::nullopt;
        ++taken_;
        return due_ns;
    }

    std::uint64_t taken() const { return taken_; }

private:
    std::int64_t start_ns_ = 0;
    double interval_ns_ = 0;
    std::uint64_t taken_ = 0;
};

enum class Role : std::uint8_t {
    member,
    idle,
    stalled,  ///< Upgrades, then never reads.
    guest,    ///< Joins and leaves during the run.
};

struct Sender {
    std::uint32_t id = 0;  ///< As in Mark.
    SendEvent event;
    std::uint32_t sent = 0;
    std::uint32_t in_flight = 0;
};

/// What the traffic knows about one connection: a member of its room, a guest, or a client that never reads.
struct Participant {
    Role role = Role::member;
    std::uint32_t room = 0;
    RoomOrder::Reader reader;
    std::unique_ptr<Sender> sender;  ///< Null if it does not send.
};

/// Results at the end of a run, in addition to the counters.
struct Findings {
    Histogram latency_ns;   ///< Of deliveries to members, for messages sent in the window.
    Histogram spread_ns;    ///< First to last member, of messages that arrived last in the window.
    Histogram send_lag_ns;  ///< How late this client itself sent, open loop only.
    std::uint64_t doubled = 0;
    std::uint64_t reordered = 0;
    std::uint64_t missing = 0;
    std::uint64_t foreign = 0;  ///< Deliveries of another room's messages, or of messages that this run did not send.
    std::map<int, std::uint64_t> errors;  ///< Error events by code.

    void merge(const Findings& other);
};

class Traffic {
public:
    /// `residents`: how many residents this worker has in each room.
    Traffic(RunState& state, Counters& counters, const std::vector<std::uint32_t>& residents);

    /// `index`: that of the participant among its room's senders.
    void make_sender(Participant& participant, std::uint32_t index) const;

    /// Appends the frame of the participant's next message, sent (or due) at `sent_ns`.
    void compose(Participant& participant, std::int64_t sent_ns, std::string& out);

    /// Handles a text frame.
    void on_text(Participant& participant, std::string_view text, std::int64_t received_ns);

    /// The server refused a message of this connection, in any format.
    void on_error(Participant& participant, std::string_view text);

    /// A guest left; another guest will use the object.
    void release(Participant& participant);

    /// After the last delivery. `members`: those that stayed to the end.
    void finish(const std::vector<const Participant*>& members);

    Findings& findings() { return findings_; }
    const std::vector<RoomOrder>& orders() const { return orders_; }

private:
    void on_other_event(Participant& participant, std::string_view text, std::int64_t received_ns);

    RunState& state_;
    Counters& counters_;
    Findings findings_;
    std::vector<RoomOrder> orders_;  ///< By room.
    std::size_t mark_hint_ = 0;
};

}  // namespace globes::bench
