#include "store/sqlite/read_session.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <utility>

namespace globes::store {
namespace {

constexpr std::string_view kColumns = "SELECT seq, kind, name, color, text, client_id, time_us FROM events";

std::string select(std::string_view rest) { return std::string(kColumns).append(rest); }

/// Of any kind that is stored, also one of a later version. Throws SqliteError for another value, which somebody else
/// has written.
chat::EventKind kind_of(chat::RoomId room, const Statement& row) {
    const std::int64_t number = row.integer(1);
    const auto kind = static_cast<chat::EventKind>(number);
    if (number <= 0 || std::cmp_not_equal(number, static_cast<std::uint8_t>(kind)) || !chat::is_durable(kind))
        throw SqliteError(SQLITE_CORRUPT, fmt::format("room {}: the event {} has the kind {}, which is never stored",
                                                      chat::loggable_id(room), row.number(0), number));
    return kind;
}

/// As `kind_of`.
chat::Visibility visibility_of(const Statement& row) {
    const std::int64_t number = row.integer(3);
    if (number < 0 || number > static_cast<int>(chat::Visibility::hidden_room))
        throw SqliteError(SQLITE_CORRUPT, fmt::format("room {} has the visibility {}, which does not exist",
                                                      chat::loggable_id(row.number(0)), number));
    return static_cast<chat::Visibility>(number);
}

chat::Event event_of(chat::RoomId room, const Statement& row) {
    return {.kind = kind_of(room, row),
            .room = room,
            .seq = row.number(0),
            .name = row.text(2),
            .color = row.text(3),
            .text = row.text(4),
            .client_id = row.text(5),
            .time = row.integer(6)};
}

chat::StoredRoom stored_room_of(const Statement& row) {
    return {.record = {.id = row.number(0),
                       .title = row.text(1),
                       .description = row.text(2),
                       .visibility = visibility_of(row),
                       .password_hash = row.text(4),
                       .owned = row.integer(5) != 0,
                       .token_epoch = row.number(6),
                       .owner_epoch = row.number(11),
                       .salt = row.text(12),
                       .old_keys_until = row.integer(13),
                       .retention_s = row.number(7),
                       .max_events = row.number(8),
                       .created_at = row.integer(9),
                       .updated_at = row.integer(10)},
            .last_seq = row.number(14),
            .first_seq = row.number(15),
            .last_time = row.integer(16)};
}

}  // namespace

// The events of a deleted room are removed in steps, so every query of events also checks that the room exists.
ReadSession::ReadSession(const Database& database, SnapshotScope scope)
    : scope_(scope),
      connection_(database, Connection::Access::read),
      begin_(connection_, "BEGIN"),
      end_(connection_, "COMMIT"),
      // min() and max() over the primary key read only its ends: a start reads a few pages for each room, and no
      // events.
      rooms_(connection_,
             "SELECT id, title, description, visibility, password_hash, owned, token_epoch, retention_s,"
             " max_events, created_at_us, updated_at_us, owner_epoch, salt, old_keys_until_us,"
             " coalesce((SELECT max(seq) FROM events WHERE room_id = id), purged_seq),"
             " coalesce((SELECT min(seq) FROM events WHERE room_id = id), purged_seq + 1),"
             " coalesce((SELECT time_us FROM events WHERE room_id = id ORDER BY seq DESC LIMIT 1), 0)"
             " FROM rooms ORDER BY id"),
      next_room_id_(connection_, "SELECT value FROM meta WHERE key = 'next_room_id'"),
      kept_seqs_(connection_,
                 "SELECT coalesce((SELECT min(seq) FROM events WHERE room_id = ?1), purged_seq + 1),"
                 " coalesce((SELECT max(seq) FROM events WHERE room_id = ?1), purged_seq) FROM rooms WHERE id = ?1"),
      time_(connection_, "SELECT time_us FROM events WHERE room_id = ?1 AND seq = ?2"),
      oldest_(connection_, select(" WHERE room_id = ?1 AND seq > ?2 AND seq < ?3 ORDER BY seq LIMIT ?4")),
      newest_(connection_, select(" WHERE room_id = ?1 AND seq > ?2 AND seq < ?3 ORDER BY seq DESC LIMIT ?4")),
      find_(connection_, select(" WHERE room_id = ?1 AND name_key = ?2 AND client_id = ?3"
                                " AND EXISTS (SELECT 1 FROM rooms WHERE id = ?1)")),
      ping_(connection_, "SELECT value FROM meta") {
    if (scope_ == SnapshotScope::call) return;
    begin_.run();
    ping_.run();  // The first read determines the state.
}

chat::StoredRooms ReadSession::load_rooms() {
    const Snapshot snapshot(*this);
    chat::StoredRooms stored;
    rooms_.query([&](const Statement& row) { stored.rooms.push_back(stored_room_of(row)); });
    next_room_id_.query([&](const Statement& row) { stored.next_room_id = row.number(0); });
    return stored;
}

chat::EventPage ReadSession::read(const chat::EventQuery& query) {
    const Snapshot snapshot(*this);
    const chat::SeqRange range = kept_seqs(query.room);
    const auto times = [&](const std::vector<std::uint64_t>& seqs) { return times_at(query.room, seqs); };
    chat::EventPage page{.ok = true, .first_seq = chat::first_unexpired(range, query.expiry, times)};
    if (page.first_seq > range.last) return page;
    chat::PageBytes bytes(query);
    const auto take = [&](const Statement& row) {
        chat::Event event = event_of(query.room, row);
        page.is_cut = !bytes.take(event);
        if (!page.is_cut) page.events.push_back(std::move(event));
        return !page.is_cut;
    };
    (query.keeps_newest ? newest_ : oldest_)
        .query_while(take, query.room, column_value(std::max(query.after, page.first_seq - 1)),
                     query.before == 0 ? kMaxColumnValue : column_value(query.before), column_value(query.limit));
    if (query.keeps_newest) std::ranges::reverse(page.events);
    return page;
}

std::vector<std::optional<chat::Event>> ReadSession::find(std::span<const chat::SendKey> keys) {
    const Snapshot snapshot(*this);
    std::vector<std::optional<chat::Event>> found(keys.size());
    for (std::size_t i = 0; i < keys.size(); ++i) {
        const chat::SendKey& key = keys[i];
        find_.query([&](const Statement& row) { found[i] = event_of(key.room, row); }, key.room, key.folded_name,
                    key.client_id);
    }
    return found;
}

chat::SeqRange ReadSession::kept_seqs(chat::RoomId room) {
    chat::SeqRange range;
    kept_seqs_.query([&](const Statement& row) { range = {.first = row.number(0), .last = row.number(1)}; }, room);
    return range;
}

std::vector<std::optional<UnixMicros>> ReadSession::times_at(chat::RoomId room,
                                                             const std::vector<std::uint64_t>& seqs) {
    std::vector<std::optional<UnixMicros>> times(seqs.size());
    for (std::size_t i = 0; i < seqs.size(); ++i)
        time_.query([&](const Statement& row) { times[i] = row.integer(0); }, room, seqs[i]);
    return times;
}

}  // namespace globes::store
