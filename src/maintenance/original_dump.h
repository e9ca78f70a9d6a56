// A dump of the original system's database as the lines of an export: all files are read and checked first, then
// imported like any export. Equal files give equal lines, so an import can be repeated. Owned by the import, its thread
// only.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/keyed_hash.h"
#include "maintenance/document_reader.h"
#include "maintenance/import.h"
#include "maintenance/message_sorter.h"
#include "maintenance/original_format.h"
#include "maintenance/progress.h"

namespace globes::maintenance {

class OriginalDump final : public ImportLines {
public:
    explicit OriginalDump(std::size_t run_bytes = MessageSorter::kRunBytes) : sorter_(run_bytes) {}

    /// Reads all entries of one file, rooms and events in any order. Throws std::runtime_error as `MessageSorter` does.
    void read(DocumentReader& in, Progress& progress);
    /// Ends the input. To be called before `next`.
    void finish();

    /// Why the dump cannot be imported: places and reasons, the first `kMaxFaults`.
    const std::vector<std::string>& faults() const { return faults_; }
    std::uint64_t fault_count() const { return fault_count_; }
    /// Omitted and changed entries, a line for each reason, with the place of its first entry.
    std::vector<std::string> summary() const;

    // ImportLines
    std::optional<ExportLine> next() override;
    std::uint64_t number() const override { return number_; }
    std::string place(std::uint64_t) const override { return "the files"; }
    std::optional<double> share() const override;
    std::vector<chat::RoomRecord> rooms() const override;
    std::optional<chat::RoomRecord> public_chat() const override;

    static constexpr std::size_t kMaxFaults = 20;

private:
    struct Room {
        chat::RoomRecord record;
        std::string place;
        std::uint64_t events = 0;
        UnixMicros first_time = 0;  ///< Of its messages; 0 if none has one.
    };
    struct Note {
        std::uint64_t count = 0;
        std::string first_place;
    };
    using Rooms = std::map<chat::RoomId, Room>;

    void take(OriginalEntry entry, const std::string& place);
    void take_room(const OriginalRoom& room, const std::string& place);
    void take_message(OriginalMessage message, const std::string& place);
    void add_fault(std::string fault);
    void note(OriginalNote note, const std::string& place);
    void add_public_chat();
    void count_messages();
    void settle_titles();
    void settle_times();
    std::optional<OriginalMessage> next_message(bool counts);
    bool was_given(const OriginalMessage& message);
    std::optional<chat::Event> next_event();

    MessageSorter sorter_;
    Rooms rooms_;
    std::unordered_map<chat::RoomId, UnixMicros, KeyedHash> newest_time_;  // of the messages read so far, for each room
    std::set<std::pair<chat::RoomId, std::string>> timeless_;              // the ids of messages whose time was guessed
    std::vector<std::string> faults_;
    std::uint64_t fault_count_ = 0;
    std::array<Note, kOriginalNotes> notes_;
    std::set<chat::RoomId> missing_rooms_;

    // The next lines.
    enum class Part : std::uint8_t { head, room, events, end, over };
    Part part_ = Part::head;
    Rooms::iterator room_;
    std::unique_ptr<MessageSorter::Sorted> messages_;
    std::optional<OriginalMessage> message_;                 // read, but not returned yet
    std::string message_id_;                                 // of the previous message
    std::pair<chat::RoomId, UnixMicros> moment_;             // of the previous message
    std::unordered_set<std::string, KeyedHash> moment_ids_;  // other ids of messages of that moment
    std::vector<std::string> parts_;                         // of that message, from the last to the next
    std::uint64_t seq_ = 0;
    std::uint64_t number_ = 0;
    std::uint64_t given_ = 0;   // events returned so far
    std::uint64_t events_ = 0;  // of all rooms
};

}  // namespace globes::maintenance
