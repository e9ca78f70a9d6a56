// The checker: did all members of a room receive the same messages in the same order, each once? The first member that
// receives a message appends it to the room's log; all others must find the same message at the same place. Owned by
// the traffic of one worker, its thread only.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <vector>

namespace globes::bench {

/// A message in its room: the index of its sender, and the number of the message (from 1).
struct MessageId {
    std::uint32_t sender = 0;
    std::uint32_t n = 0;

    friend bool operator==(const MessageId&, const MessageId&) = default;
};

class RoomOrder {
public:
    /// State of a reader that deviates from the log; readers of a correct server never need it.
    struct Strays {
        std::set<std::uint32_t> skipped;  ///< Places in the log that it passed without receiving the message.
        std::vector<MessageId> ahead;     ///< Guests only: received before any resident received it, not compared yet.
    };

    /// One connection's place in the log.
    struct Reader {
        std::uint32_t next = 0;      ///< The place it reads next.
        std::uint64_t received = 0;  ///< Distinct messages.
        bool is_placed = false;      ///< Guests only: its first message has been found in the log.
        std::unique_ptr<Strays> strays;
    };

    struct Faults {
        std::uint64_t doubled = 0;
        std::uint64_t reordered = 0;
        std::uint64_t missing_of_guests = 0;  ///< Gaps in the messages of a guest.
    };

    /// `residents`: readers that stay from the first message to the last; their messages form the log.
    RoomOrder(std::uint32_t senders, std::uint32_t residents) : residents_(residents), places_(senders) {}

    /// A resident received `id` at `now_ns`. For the last resident, returns the time since the first one received it,
    /// in ns. If only the very first reader lost a message, the others report disorder too.
    std::optional<std::int64_t> deliver(Reader& reader, MessageId id, std::int64_t now_ns);

    /// A guest, which joined during the run, received `id`: from its first message on it must receive the same as the
    /// residents.
    void deliver_to_guest(Reader& reader, MessageId id);
    /// The guest left; its messages that could not be compared yet are kept until `finish`.
    void release_guest(Reader&& reader);

    /// After the last message: compares messages that guests received before all residents.
    void finish();

    const Faults& faults() const { return faults_; }
    std::uint32_t residents() const { return residents_; }
    /// Two workers with readers in the same room must have written the same log.
    bool agrees_with(const RoomOrder& other) const;

private:
    struct Entry {
        MessageId id;
        std::uint32_t seen = 0;
        std::int64_t first_ns = 0;
    };
    static constexpr std::uint32_t kNowhere = 0xffffffff;

    std::uint32_t place_of(MessageId id) const;
    void append(MessageId id, std::int64_t now_ns);
    /// A message that is in the log, but not at the reader's place: skips ahead, fills a gap, or is a repeat.
    bool take_stray(Reader& reader, std::uint32_t place);
    void compare_guest(Reader& reader);

    std::uint32_t residents_;
    std::vector<Entry> log_;
    std::vector<std::vector<std::uint32_t>> places_;  ///< By sender and n - 1: the place in the log.
    std::vector<Reader> departed_;
    Faults faults_;
};

}  // namespace globes::bench
