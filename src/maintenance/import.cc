#include "maintenance/import.h"

#include <fmt/format.h>

#include <exception>
#include <stdexcept>
#include <utility>

#include "maintenance/export_format.h"
#include "maintenance/import_batch.h"
#include "maintenance/import_target.h"
#include "maintenance/store_calls.h"

namespace globes::maintenance {
namespace {

constexpr const char* kNoExport =
    "is not the first line of an export; a dump of the original system needs --from-original";

class ExportFile final : public ImportLines {
public:
    ExportFile(LineReader& in, UnixMicros now) : in_(in), now_(now) {}

    std::optional<ExportLine> next() override {
        const auto line = in_.next();
        if (!line) return std::nullopt;
        if (in_.number() == 1 && !line->contains(R"("globes-export")")) throw ExportFormatError(kNoExport);
        return read_export_line(*line);
    }
    std::uint64_t number() const override { return in_.number(); }
    std::string place(std::uint64_t number) const override { return fmt::format("{}: line {}", in_.name(), number); }
    std::optional<double> share() const override { return in_.share(); }
    /// Globes writes room 1 before all other rooms, but the lines may have been reordered.
    std::optional<chat::RoomRecord> public_chat() const override {
        std::optional<chat::RoomRecord> found;
        in_.look_ahead([&](std::string_view line) {
            if (!line.contains(R"("room")")) return true;
            try {
                const ExportLine read = read_export_line(line);
                const auto* room = std::get_if<chat::StoredRoom>(&read);
                if (room != nullptr && room->record.id == chat::kPublicChatId) found = room->record;
            } catch (const ExportFormatError&) {  // The import ends there.
                return false;
            }
            return !found;
        });
        return found;
    }
    UnixMicros old_keys_until() const override { return now_; }

private:
    LineReader& in_;
    const UnixMicros now_;
};

class Import {
public:
    Import(chat::Store& store, ImportLines& in, Progress& progress)
        : in_(in), progress_(progress), batch_(store), target_(store, in.old_keys_until()) {}

    ImportReport run() {
        const std::vector<chat::RoomRecord> rooms = in_.rooms();
        if (!rooms.empty()) expect_public_chat();
        for (const chat::RoomRecord& room : rooms)
            if (auto fault = target_.conflict(room)) report_.conflicts.push_back(*std::move(fault));
        if (!report_.conflicts.empty()) return report_;
        try {
            read_all();
            batch_.finish();
        } catch (const ImportFault& fault) {
            note(fault);
        } catch (const UnreadableStore& error) {
            note(ImportFault(in_.number(), error.what(), Remedy::repeat));
        } catch (const std::runtime_error& error) {  // The file cannot be read.
            report_.fault = error.what();
        }
        finish_quietly();
        report_.rooms = batch_.committed().rooms;
        report_.events = batch_.committed().events;
        return report_;
    }

private:
    void read_all() {
        const auto first = next();
        if (!first || !std::holds_alternative<ExportHead>(*first)) fail("is not the first line of an export");
        batch_.add(target_.raise_next_id(std::get<ExportHead>(*first).next_room_id), in_.number(), {});
        while (const auto line = next()) {
            if (const auto* end = std::get_if<ExportEnd>(&*line)) return read_end(*end);
            if (const auto* room = std::get_if<chat::StoredRoom>(&*line))
                begin_room(*room);
            else if (const auto* event = std::get_if<chat::Event>(&*line))
                take(*event);
            else
                fail("is the first line of another export");
        }
        throw ImportFault(in_.number(), "is the last line, but not an end line: the file is truncated", Remedy::repeat);
    }

    std::optional<ExportLine> next() {
        try {
            return in_.next();
        } catch (const ExportFormatError& error) {
            fail(error.what());
        }
    }

    void begin_room(const chat::StoredRoom& room) {
        end_room();
        if (!has_looked_ahead_ && target_.takes_title_of_public_chat(room.record)) expect_public_chat();
        if (const auto fault = target_.begin(room)) fail(*fault);
        ++(target_.is_known() ? report_.known_rooms : new_rooms_);
        batch_.add(target_.opening_writes(), in_.number(), {.rooms = target_.is_known() ? 0U : 1U});
    }

    /// Searches all rooms, because room 1 may be anywhere.
    void expect_public_chat() {
        has_looked_ahead_ = true;
        if (auto record = in_.public_chat()) target_.expect_public_chat(*std::move(record));
    }

    void take(const chat::Event& event) {
        if (const auto fault = target_.check(event)) fail(*fault);
        ++events_;
        if (target_.is_known(event))
            ++report_.known_events;
        else
            batch_.add({chat::AppendEvent{event}}, in_.number(), {.events = 1});
        progress_.at(events_, in_.share());
    }

    void end_room() {
        if (const auto fault = target_.end()) fail(*fault);
    }

    void read_end(const ExportEnd& end) {
        end_room();
        const std::uint64_t rooms = new_rooms_ + report_.known_rooms;
        if (end.rooms != rooms || end.events != events_)
            fail(fmt::format("the export had {} rooms and {} events, but the file contains {} and {}", end.rooms,
                             end.events, rooms, events_));
        if (in_.next()) fail("follows the end line");
    }

    /// After a fault, earlier lines are imported all the same, because the report counts them.
    void finish_quietly() {
        try {
            batch_.finish();
        } catch (const ImportFault& fault) {
            if (!report_.fault) note(fault);
        }
    }

    void note(const ImportFault& fault) {
        report_.fault = fmt::format("{}: {}", in_.place(fault.line()), fault.what());
        report_.may_be_repeated = fault.remedy() == Remedy::repeat;
    }

    [[noreturn]] void fail(const std::string& what) const { throw ImportFault(in_.number(), what); }

    ImportLines& in_;
    Progress& progress_;
    ImportBatch batch_;
    ImportTarget target_;
    ImportReport report_;
    bool has_looked_ahead_ = false;
    std::uint64_t new_rooms_ = 0;
    std::uint64_t events_ = 0;
};

}  // namespace

ImportReport import_rooms(chat::Store& store, ImportLines& in, Progress& progress) {
    return Import(store, in, progress).run();
}

ImportReport import_rooms(chat::Store& store, LineReader& in, UnixMicros now, Progress& progress) {
    ExportFile file(in, now);
    return import_rooms(store, file, progress);
}

}  // namespace globes::maintenance
