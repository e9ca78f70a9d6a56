#include "maintenance/original_dump.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <ranges>
#include <stdexcept>
#include <utility>

#include "base/text.h"
#include "chat/room_rules.h"

namespace globes::maintenance {
namespace {

/// The maximum number of missing rooms to list.
constexpr std::size_t kNamedRooms = 10;

}  // namespace

// --- reading ---------------------------------------------------------------------------------------------------------

void OriginalDump::read(DocumentReader& in, Progress& progress) {
    std::uint64_t entries = 0;
    while (true) {
        std::optional<std::string_view> text;
        try {
            text = in.next();
        } catch (const std::runtime_error& error) {
            return add_fault(error.what());
        }
        if (!text) return;
        progress.at(++entries, in.share());
        OriginalEntry entry;
        try {
            entry = read_original_entry(*text);
        } catch (const OriginalFault& fault) {
            add_fault(fmt::format("{}: {}", in.place(), fault.what()));
            continue;
        }
        take(std::move(entry), in.place());
    }
}

void OriginalDump::take(OriginalEntry entry, const std::string& place) {
    for (const OriginalNote reason : entry.notes) note(reason, place);
    if (const auto* room = std::get_if<OriginalRoom>(&entry.content)) take_room(*room, place);
    if (auto* message = std::get_if<OriginalMessage>(&entry.content)) take_message(std::move(*message), place);
}

void OriginalDump::take_room(const OriginalRoom& room, const std::string& place) {
    const chat::RoomId id = room.record.id;
    const auto [known, is_new] = rooms_.try_emplace(id, Room{.record = room.record, .place = place});
    if (is_new) return;
    if (known->second.record == room.record) return note(OriginalNote::exported_twice, place);
    add_fault(fmt::format("{}: is another room {} than {}", place, id, known->second.place));
}

void OriginalDump::take_message(OriginalMessage message, const std::string& place) {
    // A message without a time stays after the message that precedes it.
    UnixMicros& newest = newest_time_[message.event.room];
    if (message.event.time == 0) {
        // The same message may get another time if it occurs again, so comparing neighbors does not find it.
        const std::string& id = message.id.empty() ? message.other_id : message.id;
        if (!id.empty() && !timeless_.emplace(message.event.room, id).second)
            return note(OriginalNote::exported_twice, place);
        message.event.time = newest;
    }
    newest = message.event.time;
    sorter_.add(std::move(message));
}

void OriginalDump::add_fault(std::string fault) {
    ++fault_count_;
    if (faults_.size() < kMaxFaults) faults_.push_back(std::move(fault));
}

void OriginalDump::note(OriginalNote note, const std::string& place) {
    Note& noted = notes_.at(static_cast<std::size_t>(note));
    if (++noted.count == 1) noted.first_place = place;
}

// --- settling --------------------------------------------------------------------------------------------------------

void OriginalDump::finish() {
    const bool speaks_elsewhere =
        std::ranges::any_of(newest_time_ | std::views::keys, [](chat::RoomId id) { return id != chat::kPublicChatId; });
    // A refused entry may have been a room.
    if (rooms_.empty() && speaks_elsewhere && fault_count_ == 0)
        add_fault("the files contain messages but no rooms: add the file of the rooms");
    if (fault_count_ > 0) return;
    sorter_.finish();
    add_public_chat();
    count_messages();
    settle_titles();
    settle_times();
}

/// Room 1 may never have been in the original's database, because the server creates it.
void OriginalDump::add_public_chat() {
    if (rooms_.contains(chat::kPublicChatId) || !newest_time_.contains(chat::kPublicChatId)) return;
    rooms_.emplace(chat::kPublicChatId, Room{.record = chat::public_chat(0), .place = {}});
}

void OriginalDump::count_messages() {
    messages_ = sorter_.sorted();
    while (const auto message = next_message(true)) {
        Room& room = rooms_.at(message->event.room);
        const std::uint64_t parts = count_message_parts(message->event.text);
        room.events += parts;
        events_ += parts;
        if (room.first_time == 0) room.first_time = message->event.time;
    }
}

/// Of several rooms with one title, the first keeps it. The title that the server gives to room 1 is taken.
void OriginalDump::settle_titles() {
    std::set<std::string> taken;
    if (!rooms_.contains(chat::kPublicChatId)) taken.insert(fold_case(chat::public_chat(0).title));
    for (auto& [id, room] : rooms_) {
        const std::string title = room.record.title;
        for (unsigned attempt = 1; !taken.insert(fold_case(room.record.title)).second; ++attempt)
            room.record.title = title_with_id(title, id, attempt);
        if (room.record.title != title) note(OriginalNote::title_taken, room.place);
    }
}

void OriginalDump::settle_times() {
    for (auto& [id, room] : rooms_) {
        chat::RoomRecord& record = room.record;
        if (record.created_at == 0) {
            record.created_at = record.updated_at != 0 ? record.updated_at : room.first_time;
            if (!room.place.empty()) note(OriginalNote::room_time_guessed, room.place);
        }
        if (record.updated_at == 0) record.updated_at = record.created_at;
        if (room.first_time == 0) room.first_time = record.created_at;
    }
}

/// The next message to import. `counts`: whether to count omitted messages.
std::optional<OriginalMessage> OriginalDump::next_message(bool counts) {
    while (auto message = messages_->next()) {
        const bool has_room = rooms_.contains(message->event.room);
        const bool is_twice = was_given(*message);
        if (has_room && !is_twice) return message;
        if (!counts) continue;
        note(is_twice ? OriginalNote::exported_twice : OriginalNote::no_room, {});
        if (!has_room) missing_rooms_.insert(message->event.room);
    }
    message_id_.clear();
    moment_ = {};
    moment_ids_.clear();
    return std::nullopt;
}

/// Equal ids are adjacent, or at least have the same time.
bool OriginalDump::was_given(const OriginalMessage& message) {
    const std::pair moment(message.event.room, message.event.time);
    if (moment != std::exchange(moment_, moment)) moment_ids_.clear();
    if (!message.other_id.empty()) return !moment_ids_.insert(message.other_id).second;
    return !message.id.empty() && message.id == std::exchange(message_id_, message.id);
}

// --- giving ----------------------------------------------------------------------------------------------------------

std::optional<ExportLine> OriginalDump::next() {
    ++number_;
    switch (part_) {
        case Part::head: {
            room_ = rooms_.begin();
            messages_ = sorter_.sorted();
            part_ = room_ == rooms_.end() ? Part::end : Part::room;
            const auto counted = rooms_.lower_bound(chat::kFirstRandomRoomId);
            return ExportHead{.next_room_id = counted == rooms_.begin() ? 1 : std::prev(counted)->first + 1};
        }
        case Part::room:
            seq_ = 0;
            part_ = Part::events;
            return chat::StoredRoom{.record = room_->second.record, .last_seq = room_->second.events};
        case Part::events:
            if (auto event = next_event()) return *std::move(event);
            part_ = ++room_ == rooms_.end() ? Part::end : Part::room;
            return next();
        case Part::end:
            part_ = Part::over;
            return ExportEnd{.rooms = rooms_.size(), .events = given_};
        case Part::over:
            return std::nullopt;
    }
    std::unreachable();
}

/// The next message of the room; empty if it has no more.
std::optional<chat::Event> OriginalDump::next_event() {
    if (!message_) message_ = next_message(false);
    if (!message_ || message_->event.room != room_->first) return std::nullopt;
    if (parts_.empty()) {
        parts_ = message_parts(message_->event.text);
        std::ranges::reverse(parts_);
    }
    chat::Event event = message_->event;
    event.text = std::move(parts_.back());
    parts_.pop_back();
    event.seq = ++seq_;
    // Messages without a time precede the first one with a time.
    if (event.time == 0) event.time = room_->second.first_time;
    if (parts_.empty()) message_.reset();
    ++given_;
    return event;
}

std::optional<double> OriginalDump::share() const {
    if (events_ == 0) return std::nullopt;
    return static_cast<double>(given_) / static_cast<double>(events_);
}

std::vector<chat::RoomRecord> OriginalDump::rooms() const {
    std::vector<chat::RoomRecord> records;
    for (const auto& [id, room] : rooms_) records.push_back(room.record);
    return records;
}

std::optional<chat::RoomRecord> OriginalDump::public_chat() const {
    const auto room = rooms_.find(chat::kPublicChatId);
    return room == rooms_.end() ? std::nullopt : std::optional(room->second.record);
}

std::vector<std::string> OriginalDump::summary() const {
    std::vector<std::string> lines;
    for (std::size_t index = 0; index < notes_.size(); ++index) {
        const auto note = static_cast<OriginalNote>(index);
        const auto& [count, first_place] = notes_.at(index);
        if (count == 0) continue;
        std::string line = fmt::format("{}: {} {}", leaves_out(note) ? "left out" : "changed", count, note_text(note));
        if (note == OriginalNote::no_room) {
            line += fmt::format(": {}", fmt::join(missing_rooms_ | std::views::take(kNamedRooms), ", "));
            if (missing_rooms_.size() > kNamedRooms) line += ", …";
        }
        if (!first_place.empty()) line += fmt::format("; the first: {}", first_place);
        lines.push_back(std::move(line));
    }
    const auto first = rooms_.find(chat::kPublicChatId);
    if (first != rooms_.end() && first->second.record.title != chat::public_chat(0).title)
        lines.push_back(fmt::format("room 1, \"{}\", belongs to the server: nobody can change or delete it",
                                    first->second.record.title));
    return lines;
}

}  // namespace globes::maintenance
