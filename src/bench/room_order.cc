#include "bench/room_order.h"

#include <algorithm>
#include <utility>

namespace globes::bench {

std::optional<std::int64_t> RoomOrder::deliver(Reader& reader, MessageId id, std::int64_t now_ns) {
    std::uint32_t place = reader.next;
    if (place < log_.size() && log_[place].id == id) {
        ++reader.next;
        ++reader.received;
    } else if (place = place_of(id); place != kNowhere) {
        if (!take_stray(reader, place)) return std::nullopt;
    } else {
        place = static_cast<std::uint32_t>(log_.size());
        append(id, now_ns);
        take_stray(reader, place);
    }
    Entry& entry = log_[place];
    if (++entry.seen != residents_) return std::nullopt;
    return now_ns - entry.first_ns;
}

void RoomOrder::deliver_to_guest(Reader& reader, MessageId id) {
    if (reader.strays == nullptr && reader.is_placed && reader.next < log_.size() && log_[reader.next].id == id) {
        ++reader.next;
        ++reader.received;
        return;
    }
    if (reader.strays == nullptr) reader.strays = std::make_unique<Strays>();
    reader.strays->ahead.push_back(id);
    compare_guest(reader);
}

void RoomOrder::release_guest(Reader&& reader) {
    if (reader.strays != nullptr) compare_guest(reader);
    if (reader.strays != nullptr) departed_.push_back(std::move(reader));
}

void RoomOrder::finish() {
    for (Reader& guest : departed_) {
        compare_guest(guest);
        if (guest.strays != nullptr) faults_.missing_of_guests += guest.strays->skipped.size();
    }
    departed_.clear();
}

bool RoomOrder::agrees_with(const RoomOrder& other) const {
    return std::ranges::equal(log_, other.log_, {}, &Entry::id, &Entry::id);
}

std::uint32_t RoomOrder::place_of(MessageId id) const {
    const auto& places = places_[id.sender];
    return id.n - 1 < places.size() ? places[id.n - 1] : kNowhere;
}

void RoomOrder::append(MessageId id, std::int64_t now_ns) {
    auto& places = places_[id.sender];
    if (id.n <= places.size()) {
        ++faults_.reordered;  // A later message of the same sender arrived first.
    } else {
        places.resize(id.n, kNowhere);
    }
    places[id.n - 1] = static_cast<std::uint32_t>(log_.size());
    log_.push_back(Entry{id, 0, now_ns});
}

bool RoomOrder::take_stray(Reader& reader, std::uint32_t place) {
    if (place < reader.next) {
        if (reader.strays == nullptr || reader.strays->skipped.erase(place) == 0) {
            ++faults_.doubled;
            return false;
        }
        ++faults_.reordered;
    } else {
        if (place > reader.next && reader.strays == nullptr) reader.strays = std::make_unique<Strays>();
        for (; reader.next < place; ++reader.next) reader.strays->skipped.insert(reader.next);
        ++reader.next;
    }
    ++reader.received;
    return true;
}

void RoomOrder::compare_guest(Reader& reader) {
    auto& ahead = reader.strays->ahead;
    std::size_t compared = 0;
    for (; compared < ahead.size(); ++compared) {
        const std::uint32_t place = place_of(ahead[compared]);
        if (place == kNowhere) break;
        if (!std::exchange(reader.is_placed, true)) reader.next = place;
        take_stray(reader, place);
    }
    ahead.erase(ahead.begin(), ahead.begin() + static_cast<std::ptrdiff_t>(compared));
    // Returns to the fast path when no deviations are left.
    if (ahead.empty() && reader.strays->skipped.empty()) reader.strays.reset();
}

}  // namespace globes::bench
