// What each network address has used of the server, and the limits that keep one address from taking everything from
// the others (docs/configuration.md#limits-by-address). An IPv6 address counts with its /64, which one subscriber has,
// and again with its /48, which has kWideFactor times the limits.
//
// The server owns one AddressLimits for all I/O threads. A connection looks its address up once, under a mutex. From
// then on a limit costs one atomic operation.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>

#include "base/asker.h"
#include "base/ip_address.h"
#include "base/mutex.h"

namespace globes::net {

/// What an address may use in a period.
enum class AddressLimit : std::uint8_t {
    connections,  ///< New ones.
    requests,
    upgrades,
    rooms,   ///< Created rooms.
    tokens,  ///< Requests for a token of a room with a password.
    joins,
    events,
    frames,         ///< Fragments and pongs.
    stored_bytes,   ///< Texts of sends.
    history,        ///< Pages of history, and replays.
    guesses,        ///< Lookups of rooms that do not exist, and titles that rooms get.
    probes,         ///< Requests for `/health` and `/ready`.
    refusal_lines,  ///< Lines of the log for requests that were refused.
};
inline constexpr std::size_t kAddressLimits = 13;

/// The name of a limit in metrics.
std::string_view address_limit_name(AddressLimit limit);
/// That of AddressLimitSettings::open_connections.
inline constexpr std::string_view kOpenConnections = "open_connections";

/// `units` in each `period`, spread over it, or those of `at_once` at the same time. 0 means unlimited.
struct AddressRate {
    std::uint64_t units = 0;
    std::chrono::seconds period{60};
    std::chrono::seconds at_once = period;
};

struct AddressLimitSettings {
    std::size_t open_connections = 0;  ///< At the same time; 0: no limit.
    std::size_t turned_away = 8;       ///< Connections beyond that limit that are answered at the same time.
    std::array<AddressRate, kAddressLimits> rates = {};
    std::vector<IpRange> exempt = {};                   ///< Addresses without limits.
    std::size_t unread_bytes = std::size_t{8} << 20;    ///< Of an address: of large responses, see `reserve_output`.
    std::size_t unread_in_all = std::size_t{64} << 20;  ///< The same of all connections, also of exempt addresses.
    /// In addition, for addresses that have no other unread output, and whose range has none, and for exempt addresses.
    std::size_t unread_reserve = std::size_t{64} << 20;
    /// An address or a range may have at most this part of what is still free of `unread_in_all`, so that a few cannot
    /// use all of it up: the more is used, the less each may have.
    static constexpr std::size_t kUnreadShare = 4;
    std::size_t entries = 65'536;  ///< Addresses that are remembered without a connection.

    AddressRate& rate(AddressLimit limit) { return rates[static_cast<std::size_t>(limit)]; }
};

/// Counters of refusals, for `GET /metrics`. Thread: any.
struct AddressCounts {
    std::array<std::atomic<std::uint64_t>, kAddressLimits> refused{};
    std::atomic<std::uint64_t> open_connections_refused = 0;
    std::atomic<std::uint64_t> output_refused = 0;
};

/// The use of one address or range. Thread: any; all changes are atomic.
class AddressUse : public boost::intrusive_ref_counter<AddressUse> {
public:
    using TimePoint = std::chrono::steady_clock::time_point;
    using Wait = std::chrono::milliseconds;

    AddressUse(const AddressLimitSettings& settings, AddressCounts& counts, boost::intrusive_ptr<AddressUse> wider,
               unsigned factor)
        : settings_(settings), counts_(counts), wider_(std::move(wider)), factor_(factor) {}
    AddressUse(const AddressUse&) = delete;
    AddressUse& operator=(const AddressUse&) = delete;

    /// Takes `units`. Returns the time after which the same call may succeed (≥ 1 ms) if they exceed the limit;
    /// nothing is taken then. More units than the limit has are taken as all of them.
    std::optional<Wait> take(AddressLimit limit, TimePoint now, std::uint64_t units = 1);

    /// Gives one unit back that was taken a moment ago.
    void give_back(AddressLimit limit);

    /// Whether every limit has its full amount again and nothing is open.
    bool is_unused(TimePoint now) const;

private:
    friend class AddressConnection;
    friend class AddressLimits;

    std::optional<Wait> take_here(AddressLimit limit, TimePoint now, std::uint64_t units);
    std::optional<Wait> count_refusal(AddressLimit limit, std::optional<Wait> wait) const;
    /// Those that `open_connections` limits, and those beyond it that are still answered.
    enum class Place : std::uint8_t { open, turned_away };
    std::atomic<std::size_t>& count_of(Place place) { return place == Place::open ? open_connections_ : turned_away_; }
    bool open_connection(Place place);
    void close_connection(Place place);
    /// Whether the unread output of the address and its range is at most `bytes`.
    bool has_unread_within(std::size_t bytes) const;
    bool reserve_output(std::size_t bytes);
    void release_output(std::size_t bytes);

    const AddressLimitSettings& settings_;
    AddressCounts& counts_;
    const boost::intrusive_ptr<AddressUse> wider_;  // null if none is counted
    const unsigned factor_;                         // of the limits

    // When the full amount of a limit is available again, in microseconds of the steady clock.
    std::array<std::atomic<std::int64_t>, kAddressLimits> full_at_{};
    std::atomic<std::size_t> open_connections_ = 0;
    std::atomic<std::size_t> turned_away_ = 0;
    std::atomic<std::size_t> unread_bytes_ = 0;
};

class AddressLimits;

/// The address of a client, with its use. A small value, because each connection has one; copies share the use. Default
/// constructed it is the address `::` without limits. Thread: any.
class ClientAddress {
public:
    using TimePoint = AddressUse::TimePoint;
    using Wait = AddressUse::Wait;

    ClientAddress() = default;
    /// An address without limits.
    explicit ClientAddress(const IpAddress& address) : address_(address) {}

    const IpAddress& address() const { return address_; }
    std::string text() const { return address_.text(); }
    /// The address, or the /64 of an IPv6 address: what one subscriber has.
    IpRange range() const;
    /// The /48 of an IPv6 address, which one customer of a provider may have; otherwise as `range`.
    IpRange network() const;
    Asker asker() const { return {.network = IpRangeHash()(network()), .client = IpRangeHash()(range())}; }
    /// Whether no limit counts for the address.
    bool is_exempt() const { return use_ == nullptr; }
    /// Whether a proxy states the address, as AddressLimits::Source::proxy.
    bool is_stated() const { return is_stated_; }

    /// See AddressUse::take.
    std::optional<Wait> take(AddressLimit limit, TimePoint now, std::uint64_t units = 1) const {
        return use_ == nullptr ? std::nullopt : use_->take(limit, now, units);
    }
    /// See AddressUse::give_back.
    void give_back(AddressLimit limit) const {
        if (use_ != nullptr) use_->give_back(limit);
    }

private:
    friend class AddressLimits;
    IpAddress address_;
    boost::intrusive_ptr<AddressUse> use_;  // null if the address is exempt
    bool is_stated_ = false;
};

/// An open connection of an address; it counts until it is destroyed. Thread: any.
class AddressConnection {
public:
    AddressConnection() = default;
    AddressConnection(AddressConnection&& other) noexcept : use_(std::move(other.use_)), place_(other.place_) {}
    AddressConnection& operator=(AddressConnection&& other) noexcept {
        use_.swap(other.use_);
        std::swap(place_, other.place_);
        return *this;
    }
    ~AddressConnection();

private:
    friend class AddressLimits;
    AddressConnection(boost::intrusive_ptr<AddressUse> use, AddressUse::Place place)
        : use_(std::move(use)), place_(place) {}
    boost::intrusive_ptr<AddressUse> use_;
    AddressUse::Place place_ = AddressUse::Place::open;
};

class AddressLimits {
public:
    explicit AddressLimits(AddressLimitSettings settings);
    AddressLimits(const AddressLimits&) = delete;
    AddressLimits& operator=(const AddressLimits&) = delete;

    /// How the address of a client is known.
    enum class Source : std::uint8_t {
        connection,  ///< It is that of the connection.
        proxy,       ///< A proxy states it.
    };
    /// Looks the address up, and adds it. A loopback address that a proxy states is never exempt: it is that of another
    /// machine, or the client has written it and the proxy has passed it on.
    ClientAddress find(const IpAddress& address, AddressUse::TimePoint now, Source source = Source::connection);

    /// Counts an open connection. Nothing if the address has as many as it may have.
    std::optional<AddressConnection> open_connection(const ClientAddress& client);
    /// Counts a connection that `open_connection` has refused, while it is told so. Nothing if the address has as many
    /// of these as it may have.
    std::optional<AddressConnection> turn_away(const ClientAddress& client);

    enum class Reservation : std::uint8_t {
        done,         ///< To be followed by one `release_output`.
        of_address,   ///< Refused: the address would have too many bytes. Nothing is counted.
        of_everyone,  ///< Refused: all connections together have so many that the address may not have these too.
    };
    /// Counts bytes of a response that may stay unread.
    Reservation reserve_output(const ClientAddress& client, std::size_t bytes);
    void release_output(const ClientAddress& client, std::size_t bytes);

    const AddressCounts& counts() const { return counts_; }
    /// The number of addresses and ranges in the table.
    std::size_t size() {
        const MutexLock lock(mutex_);
        return uses_.size();
    }

private:
    boost::intrusive_ptr<AddressUse> use_of(const IpRange& range, boost::intrusive_ptr<AddressUse> wider,
                                            unsigned factor) REQUIRES(mutex_);
    void forget_unused(AddressUse::TimePoint now) REQUIRES(mutex_);

    const AddressLimitSettings settings_;
    AddressCounts counts_;
    std::atomic<std::size_t> unread_in_all_ = 0;

    Mutex mutex_;
    std::unordered_map<IpRange, boost::intrusive_ptr<AddressUse>, IpRangeHash> uses_ GUARDED_BY(mutex_);
    std::size_t forget_above_ GUARDED_BY(mutex_);  // entries
};

}  // namespace globes::net
