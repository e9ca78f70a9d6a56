#include "maintenance/export.h"

#include <fmt/format.h>

#include <stdexcept>
#include <utility>

#include "base/text.h"
#include "chat/room_record.h"
#include "maintenance/export_format.h"
#include "maintenance/store_calls.h"

namespace globes::maintenance {
namespace {

chat::StoredRoom find_room(std::vector<chat::StoredRoom> rooms, const std::string& wanted) {
    const auto key = chat::RoomKey::of(wanted);
    for (chat::StoredRoom& room : rooms)
        if (key.id ? room.record.id == *key.id : fold_case(room.record.title) == key.folded_title)
            return std::move(room);
    throw std::runtime_error(fmt::format("room {} does not exist", wanted));
}

class Export {
public:
    Export(chat::Store& store, BufferedLineWriter& out, Progress& progress)
        : store_(store), out_(out), progress_(progress) {}

    Exported run(const std::optional<std::string>& room) {
        chat::StoredRooms stored = store_.load_rooms();
        if (room) stored.rooms = {find_room(std::move(stored.rooms), *room)};
        all_events_ = count_events(stored.rooms);
        out_.write(export_line(ExportHead{.next_room_id = stored.next_room_id}));
        for (chat::StoredRoom& one : stored.rooms) write_room(std::move(one));
        out_.write(export_line(ExportEnd{.rooms = written_.rooms, .events = written_.events}));
        out_.flush();
        return written_;
    }

private:
    void write_room(chat::StoredRoom room) {
        // Expired events are purged meanwhile, so the first page determines where the room begins.
        chat::EventPage page = read(room, room.first_seq);
        const bool is_gone = page.first_seq < room.first_seq;
        if (is_gone) return;
        room.first_seq = std::min(page.first_seq, room.last_seq + 1);
        out_.write(export_line(room));
        std::uint64_t next = room.first_seq;
        while (next <= room.last_seq) {
            if (page.events.empty()) page = read(room, next);
            if (page.events.empty() || page.events.front().seq != next) fail_at(room, next, page);
            for (const chat::Event& event : page.events) {
                if (event.seq != next) fail_at(room, next, page);
                if (!chat::is_known(event.kind))
                    throw std::runtime_error(
                        fmt::format("room {}: seq {} has the kind {}, which this version of Globes does not know; "
                                    "export with the version that has stored it",
                                    room.record.id, next, static_cast<int>(event.kind)));
                out_.write(export_line(event));
                ++next;
            }
            written_.events += page.events.size();
            page.events.clear();
            progress_.at_part(written_.events, all_events_);
        }
        ++written_.rooms;
    }

    chat::EventPage read(const chat::StoredRoom& room, std::uint64_t from) {
        chat::EventPage page = read_events(
            store_, {.room = room.record.id, .after = from - 1, .before = room.last_seq + 1, .limit = kEventsAtOnce});
        if (!page.ok)
            throw std::runtime_error(
                fmt::format("room {}: its events from seq {} on could not be read", room.record.id, from));
        return page;
    }

    [[noreturn]] static void fail_at(const chat::StoredRoom& room, std::uint64_t seq, const chat::EventPage& page) {
        const bool is_purged = page.first_seq > seq || page.first_seq < room.first_seq;
        throw std::runtime_error(fmt::format("room {}: seq {} {}", room.record.id, seq,
                                             is_purged ? "was removed while the room was exported; export again"
                                                       : "is missing, so the export stops here; run globes check"));
    }

    chat::Store& store_;
    BufferedLineWriter& out_;
    Progress& progress_;
    Exported written_;
    std::uint64_t all_events_ = 0;
};

}  // namespace

Exported export_rooms(chat::Store& store, const std::optional<std::string>& room, BufferedLineWriter& out,
                      Progress& progress) {
    return Export(store, out, progress).run(room);
}

}  // namespace globes::maintenance
