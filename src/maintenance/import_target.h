// The existing data of a store, and which writes the lines of an export still need. Owned by the import, its thread
// only.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/keyed_hash.h"
#include "chat/store.h"

namespace globes::maintenance {

class ImportTarget {
public:
    /// A fault of a line, with a message for the operator.
    using Fault = std::optional<std::string>;

    /// `store`: no call was made yet. `old_keys_until`: of new rooms whose records have no salt. Throws
    /// std::runtime_error as `load_rooms` does.
    ImportTarget(chat::Store& store, UnixMicros old_keys_until);

    /// The writes after which no counted id below `next` is assigned any more.
    chat::StoreBatch raise_next_id(chat::RoomId next);

    /// Announces the later record of room 1: if the existing room 1 gives up its title, another room may take it before
    /// that.
    void expect_public_chat(chat::RoomRecord record);
    /// Whether the room has the title of room 1, and is another room.
    bool takes_title_of_public_chat(const chat::RoomRecord& record) const;

    /// Whether the store keeps another room with that id or title.
    Fault conflict(const chat::RoomRecord& given) const;

    /// Starts the room of the next lines. Throws UnreadableStore, here and below.
    Fault begin(const chat::StoredRoom& room);
    /// Whether the room exists already and is equal.
    bool is_known() const { return is_known_; }
    /// The writes that lead the room to its first event. Empty if it has got that far.
    const chat::StoreBatch& opening_writes() const { return opening_writes_; }

    /// The next event of that room.
    Fault check(const chat::Event& event);
    /// Whether the event exists already and is equal.
    bool is_known(const chat::Event& event) const { return event.seq <= known_last_seq_; }

    /// Ends the room. Without a room: no fault.
    Fault end() const;

private:
    chat::RoomRecord with_salt(chat::RoomRecord record) const;
    static bool is_replaceable(const chat::StoredRoom& there);
    Fault compare(const chat::StoredRoom& there);
    Fault compare(const chat::Event& event);
    void free_title(const chat::RoomRecord& before, chat::RoomId room);
    void make_way_for(const chat::RoomRecord& record);
    void add_skipped_seqs();
    chat::EventPage read_page(const chat::EventQuery& query);

    chat::Store& store_;
    const UnixMicros old_keys_until_;
    std::map<chat::RoomId, chat::StoredRoom> there_;                   // before the import
    std::unordered_map<std::string, chat::RoomId, KeyedHash> titles_;  // folded; also of imported rooms, and of room 1
    std::set<chat::RoomId> imported_;
    std::optional<chat::RoomRecord> expected_public_chat_;
    chat::RoomId next_room_id_;  // of the store, then of the export too

    // The current room.
    std::optional<chat::StoredRoom> room_;
    bool is_known_ = false;
    chat::StoreBatch opening_writes_;
    std::uint64_t next_seq_ = 1;
    std::uint64_t known_last_seq_ = 0;       // events up to here exist
    std::vector<chat::Event> known_events_;  // a page of them
};

}  // namespace globes::maintenance
