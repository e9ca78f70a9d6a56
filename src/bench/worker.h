// One client thread: its own epoll, its share of the connections and of the messages. Owned by the run; all calls on
// its own thread except the constructor, `counters` and, after the thread has ended, the results.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "bench/connection.h"
#include "bench/run_state.h"
#include "bench/traffic.h"

struct epoll_event;

namespace globes::bench {

/// The connections that a worker opens. Rates are its share of the run's.
struct WorkPlan {
    std::uint32_t index = 0;  ///< Of the worker.
    struct ConnectionPlan {
        Role role;
        std::uint32_t room;
        std::int64_t sender_index;  ///< Index among the room's senders; -1: does not send.
    };
    std::vector<ConnectionPlan> connections;
    std::uint32_t guests = 0;
    std::uint32_t handshakes = 1;
    std::uint32_t sources = 1;
    double ramp_per_s = 0;
    double rate_per_s = 0;  ///< Over all its senders.
    double churn_per_s = 0;
};

class Worker {
public:
    Worker(RunState& state, WorkPlan plan);

    /// Runs until the phase is `stopping`.
    void run();

    const Counters& counters() const { return counters_; }

    // After `run` has returned.
    Findings& findings() { return traffic_.findings(); }
    const Traffic& traffic() const { return traffic_; }
    const std::string& first_refusal() const { return first_refusal_; }
    std::int64_t last_opened_ns() const { return last_opened_ns_; }
    /// Connections that the server closed, by close code; 1006 if it sent none.
    const std::map<int, std::uint64_t>& drops() const { return drops_; }

private:
    // Each handles what is due, and returns when to call it again.
    void open_due(std::int64_t now);
    void talk(std::int64_t now);
    void send_due(std::int64_t now);
    void churn(std::int64_t now);
    void wait_and_serve(std::int64_t now);
    std::int64_t next_due_ns() const;

    void open(Connection& connection);
    void serve(const epoll_event& event);
    void receive(Connection& connection);
    /// False if the connection was closed because of it.
    bool on_frame(Connection& connection, const ServerFrame& frame, std::int64_t now);
    void on_centrifuge(Connection& connection, std::string_view lines, std::int64_t now);
    void on_open(Connection& connection);
    /// The connection receives the messages of its room from now on.
    void on_ready(Connection& connection);
    void top_up(Connection& connection);
    void flush(Connection& connection);
    void watch(Connection& connection, int operation);
    void leave(Connection& connection);
    /// The connection is over; `code` as in `drops`.
    void end(Connection& connection, int code);
    void refuse(Connection& connection, std::string reason);
    void finish();

    std::uint64_t tag_of(const Connection& connection) const;

    // Constant after construction.
    RunState& state_;
    WorkPlan plan_;
    sockaddr_in server_;

    Counters counters_;
    Traffic traffic_;
    std::vector<Connection> connections_;  ///< The plan's connections, then those of the guests.
    std::vector<std::uint32_t> senders_;
    std::vector<std::uint32_t> free_guests_;
    struct Visit {
        std::int64_t leave_ns;
        std::uint64_t tag;
    };
    std::deque<Visit> visits_;  ///< Guests that have joined; the first to leave is first.
    Pace opening_;
    Pace sending_;
    Pace churning_;
    std::uint32_t next_to_open_ = 0;
    std::uint32_t handshakes_ = 0;
    bool is_talking_ = false;
    std::uint64_t guests_named_ = 0;
    std::uint64_t sources_used_ = 0;
    std::int64_t last_opened_ns_ = 0;
    std::string first_refusal_;
    std::map<int, std::uint64_t> drops_;
    std::vector<char> buffer_;
    FileDescriptor poller_;
};

}  // namespace globes::bench
