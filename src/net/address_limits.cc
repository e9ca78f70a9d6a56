#include "net/address_limits.h"

#include <algorithm>
#include <cassert>
#include <limits>

namespace globes::net {
namespace {

using std::chrono::ceil;
using std::chrono::microseconds;
using std::chrono::milliseconds;

// What one subscriber of a provider has at least, and what one usually has at most.
constexpr unsigned kSubscriberPrefix = 64;
constexpr unsigned kWidePrefix = 48;
constexpr unsigned kWideFactor = 8;
constexpr unsigned kWholeV4 = 32;

std::int64_t micros(AddressUse::TimePoint time) {
    return std::chrono::duration_cast<microseconds>(time.time_since_epoch()).count();
}

/// Adds to a counter with a limit, if the sum is at most the limit.
bool add_within(std::atomic<std::size_t>& counter, std::size_t amount, std::size_t limit) {
    std::size_t before = counter.load(std::memory_order_relaxed);
    do {
        if (amount > limit || before > limit - amount) return false;
    } while (!counter.compare_exchange_weak(before, before + amount, std::memory_order_relaxed));
    return true;
}

void subtract(std::atomic<std::size_t>& counter, std::size_t amount) {
    [[maybe_unused]] const std::size_t before = counter.fetch_sub(amount, std::memory_order_relaxed);
    assert(before >= amount);
}

}  // namespace

std::string_view address_limit_name(AddressLimit limit) {
    switch (limit) {
        case AddressLimit::connections:
            return "connections";
        case AddressLimit::requests:
            return "requests";
        case AddressLimit::upgrades:
            return "upgrades";
        case AddressLimit::rooms:
            return "rooms";
        case AddressLimit::tokens:
            return "tokens";
        case AddressLimit::joins:
            return "joins";
        case AddressLimit::events:
            return "events";
        case AddressLimit::frames:
            return "frames";
        case AddressLimit::stored_bytes:
            return "stored_bytes";
        case AddressLimit::history:
            return "history";
        case AddressLimit::guesses:
            return "guesses";
        case AddressLimit::probes:
            return "probes";
        case AddressLimit::refusal_lines:
            return "refusal_lines";
    }
    return "";
}

// --- the use of one address ---

std::optional<AddressUse::Wait> AddressUse::take(AddressLimit limit, TimePoint now, std::uint64_t units) {
    // The wider range last: what the address may not take does not count there, where it would be at the expense of
    // others.
    auto wait = take_here(limit, now, units);
    if (!wait && wider_ != nullptr) wait = wider_->take_here(limit, now, units);
    return count_refusal(limit, wait);
}

std::optional<AddressUse::Wait> AddressUse::count_refusal(AddressLimit limit, std::optional<Wait> wait) const {
    if (wait) counts_.refused[static_cast<std::size_t>(limit)].fetch_add(1, std::memory_order_relaxed);
    return wait;
}

namespace {

/// A token bucket in one number (the generic cell rate algorithm): the time at which it is full again. Returns this
/// time after `units` were taken; `wait` is set if they exceed the limit.
struct Bucket {
    Bucket(const AddressRate& rate, unsigned factor, std::uint64_t units)
        : period(microseconds(rate.period).count()),
          cost(static_cast<std::int64_t>(std::min(units, rate.units * factor) * static_cast<std::uint64_t>(period) /
                                         (rate.units * factor))),
          // One unit is always available at once.
          at_once(std::max<std::int64_t>(microseconds(rate.at_once).count(), cost)) {}

    std::int64_t full_after(std::int64_t full_at, std::int64_t now) const { return std::max(full_at, now) + cost; }
    std::optional<AddressUse::Wait> wait(std::int64_t full_after, std::int64_t now) const {
        const std::int64_t excess = full_after - now - at_once;
        if (excess <= 0) return std::nullopt;
        return std::max(ceil<milliseconds>(microseconds(excess)), milliseconds(1));
    }

    std::int64_t period;  // in microseconds, as all times here
    std::int64_t cost;
    std::int64_t at_once;
};

}  // namespace

std::optional<AddressUse::Wait> AddressUse::take_here(AddressLimit limit, TimePoint now, std::uint64_t units) {
    const auto index = static_cast<std::size_t>(limit);
    if (settings_.rates[index].units == 0) return std::nullopt;
    const Bucket bucket(settings_.rates[index], factor_, units);
    const std::int64_t time = micros(now);
    std::int64_t before = full_at_[index].load(std::memory_order_relaxed);
    std::int64_t after = 0;
    do {
        after = bucket.full_after(before, time);
        if (const auto wait = bucket.wait(after, time)) return wait;
    } while (!full_at_[index].compare_exchange_weak(before, after, std::memory_order_relaxed));
    return std::nullopt;
}

void AddressUse::give_back(AddressLimit limit) {
    const auto index = static_cast<std::size_t>(limit);
    if (settings_.rates[index].units == 0) return;
    full_at_[index].fetch_sub(Bucket(settings_.rates[index], factor_, 1).cost, std::memory_order_relaxed);
    if (wider_ != nullptr) wider_->give_back(limit);
}

bool AddressUse::is_unused(TimePoint now) const {
    return open_connections_.load(std::memory_order_relaxed) == 0 &&
           turned_away_.load(std::memory_order_relaxed) == 0 && unread_bytes_.load(std::memory_order_relaxed) == 0 &&
           std::ranges::all_of(full_at_, [time = micros(now)](const auto& full_at) {
               return full_at.load(std::memory_order_relaxed) <= time;
           });
}

bool AddressUse::open_connection(Place place) {
    const std::size_t limit = place == Place::open ? settings_.open_connections : settings_.turned_away;
    const bool is_unlimited = place == Place::open && limit == 0;
    const std::size_t most = is_unlimited ? std::numeric_limits<std::size_t>::max() : limit * factor_;
    if (!add_within(count_of(place), 1, most)) return false;
    if (wider_ == nullptr || wider_->open_connection(place)) return true;
    subtract(count_of(place), 1);
    return false;
}

void AddressUse::close_connection(Place place) {
    subtract(count_of(place), 1);
    if (wider_ != nullptr) wider_->close_connection(place);
}

bool AddressUse::reserve_output(std::size_t bytes) {
    if (!add_within(unread_bytes_, bytes, settings_.unread_bytes * factor_)) return false;
    if (wider_ == nullptr || wider_->reserve_output(bytes)) return true;
    subtract(unread_bytes_, bytes);
    return false;
}

bool AddressUse::has_unread_within(std::size_t bytes) const {
    return unread_bytes_.load(std::memory_order_relaxed) <= bytes &&
           (wider_ == nullptr || wider_->has_unread_within(bytes));
}

void AddressUse::release_output(std::size_t bytes) {
    subtract(unread_bytes_, bytes);
    if (wider_ != nullptr) wider_->release_output(bytes);
}

IpRange ClientAddress::range() const { return {address_, address_.is_v4() ? kWholeV4 : kSubscriberPrefix}; }

IpRange ClientAddress::network() const { return {address_, address_.is_v4() ? kWholeV4 : kWidePrefix}; }

AddressConnection::~AddressConnection() {
    if (use_ != nullptr) use_->close_connection(place_);
}

// --- the table ---

AddressLimits::AddressLimits(AddressLimitSettings settings)
    : settings_(std::move(settings)), forget_above_(std::max<std::size_t>(1, settings_.entries / 8)) {}

ClientAddress AddressLimits::find(const IpAddress& address, AddressUse::TimePoint now, Source source) {
    ClientAddress client(address);
    client.is_stated_ = source == Source::proxy;
    const bool may_be_exempt = source == Source::connection || !address.is_loopback();
    if (may_be_exempt && contains(settings_.exempt, address)) return client;
    const MutexLock lock(mutex_);
    if (uses_.size() >= forget_above_) forget_unused(now);
    boost::intrusive_ptr<AddressUse> wider;
    if (!address.is_v4()) wider = use_of(client.network(), nullptr, kWideFactor);
    client.use_ = use_of(client.range(), std::move(wider), 1);
    return client;
}

boost::intrusive_ptr<AddressUse> AddressLimits::use_of(const IpRange& range, boost::intrusive_ptr<AddressUse> wider,
                                                       unsigned factor) {
    if (const auto known = uses_.find(range); known != uses_.end()) return known->second;
    const boost::intrusive_ptr<AddressUse> use(new AddressUse(settings_, counts_, std::move(wider), factor));
    uses_.emplace(range, use);
    return use;
}

/// Visits all entries, so the next call follows only after an eighth of their limit was added. Above the limit, entries
/// without a connection are forgotten with what they have used: a client with so many addresses gains nothing by that.
void AddressLimits::forget_unused(AddressUse::TimePoint now) {
    const auto is_held = [](const auto& entry) { return entry.second->use_count() > 1; };
    std::erase_if(uses_, [&](const auto& entry) { return !is_held(entry) && entry.second->is_unused(now); });
    if (uses_.size() >= settings_.entries) std::erase_if(uses_, [&](const auto& entry) { return !is_held(entry); });
    forget_above_ = uses_.size() + std::max<std::size_t>(1, settings_.entries / 8);
}

std::optional<AddressConnection> AddressLimits::open_connection(const ClientAddress& client) {
    if (client.use_ == nullptr) return AddressConnection();
    using enum AddressUse::Place;
    if (client.use_->open_connection(open)) return AddressConnection(client.use_, open);
    counts_.open_connections_refused.fetch_add(1, std::memory_order_relaxed);
    return std::nullopt;
}

std::optional<AddressConnection> AddressLimits::turn_away(const ClientAddress& client) {
    using enum AddressUse::Place;
    if (client.use_ == nullptr) return AddressConnection();
    if (client.use_->open_connection(turned_away)) return AddressConnection(client.use_, turned_away);
    return std::nullopt;
}

AddressLimits::Reservation AddressLimits::reserve_output(const ClientAddress& client, std::size_t bytes) {
    using enum Reservation;
    const auto refuse = [&](Reservation reason) {
        counts_.output_refused.fetch_add(1, std::memory_order_relaxed);
        return reason;
    };
    const std::size_t used = unread_in_all_.load(std::memory_order_relaxed);
    const std::size_t share =
        (settings_.unread_in_all - std::min(used, settings_.unread_in_all)) / AddressLimitSettings::kUnreadShare;
    if (client.use_ != nullptr && !client.use_->reserve_output(bytes)) return refuse(of_address);
    // Now the address has these bytes already.
    const bool has_share = client.use_ == nullptr || client.use_->has_unread_within(share);
    if (has_share && add_within(unread_in_all_, bytes, settings_.unread_in_all)) return done;
    const bool is_first = client.use_ == nullptr || client.use_->has_unread_within(bytes);
    if (is_first && add_within(unread_in_all_, bytes, settings_.unread_in_all + settings_.unread_reserve)) return done;
    if (client.use_ != nullptr) client.use_->release_output(bytes);
    return refuse(of_everyone);
}

void AddressLimits::release_output(const ClientAddress& client, std::size_t bytes) {
    subtract(unread_in_all_, bytes);
    if (client.use_ != nullptr) client.use_->release_output(bytes);
}

}  // namespace globes::net
