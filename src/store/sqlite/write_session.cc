#include "store/sqlite/write_session.h"

#include <cassert>
#include <optional>

#include "base/text.h"

namespace globes::store {
namespace {

// Takes one or two milliseconds if the ids are distributed over a large index, so that commits hardly wait for it.
constexpr std::int64_t kEventsRemovedAtOnce = 100;
// The WAL's format, see sqlite.org/fileformat2.html, 4.1.
constexpr std::uint64_t kWalHeaderBytes = 32;
constexpr std::uint64_t kWalFrameHeaderBytes = 24;

}  // namespace

WriteSession::WriteSession(const Database& database)
    : connection_(database, Connection::Access::write),
      begin_(connection_, "BEGIN IMMEDIATE"),
      commit_(connection_, "COMMIT"),
      put_room_(connection_,
                "INSERT INTO rooms (id, title, description, visibility, password_hash, owned, token_epoch,"
                " retention_s, max_events, created_at_us, updated_at_us, owner_epoch, salt, old_keys_until_us)"
                " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)"
                " ON CONFLICT (id) DO UPDATE SET title = ?2, description = ?3, visibility = ?4, password_hash = ?5,"
                " owned = ?6, token_epoch = ?7, retention_s = ?8, max_events = ?9, created_at_us = ?10,"
                " updated_at_us = ?11, owner_epoch = ?12, salt = ?13, old_keys_until_us = ?14"),
      raise_next_room_id_(connection_, "UPDATE meta SET value = ?1 WHERE key = 'next_room_id' AND value < ?1"),
      delete_room_(connection_, "DELETE FROM rooms WHERE id = ?1"),
      find_room_(connection_, "SELECT purged_seq FROM rooms WHERE id = ?1"),
      append_event_(connection_,
                    "INSERT INTO events (room_id, seq, kind, name, color, text, client_id, time_us, name_key)"
                    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, CASE WHEN ?7 <> '' THEN ?9 END)"),
      find_event_(connection_, "SELECT 1 FROM events WHERE room_id = ?1 AND seq = ?2"),
      note_purge_(connection_,
                  "UPDATE rooms SET purged_seq = newest"
                  " FROM (SELECT max(seq) AS newest FROM events WHERE room_id = ?1 AND seq <= ?2)"
                  " WHERE id = ?1 AND newest IS NOT NULL"),
      purge_events_(connection_, "DELETE FROM events WHERE room_id = ?1 AND seq <= ?2"),
      count_room_change_(connection_, "UPDATE meta SET value = value + 1 WHERE key = 'room_changes'"),
      room_changes_(connection_, "SELECT value FROM meta WHERE key = 'room_changes'"),
      add_removal_(connection_,
                   "INSERT OR IGNORE INTO removals SELECT ?1 WHERE EXISTS (SELECT 1 FROM events WHERE room_id = ?1)"),
      first_removal_(connection_, "SELECT room_id FROM removals LIMIT 1"),
      remove_some_events_(connection_,
                          "DELETE FROM events WHERE room_id = ?1 AND seq IN"
                          " (SELECT seq FROM events WHERE room_id = ?1 ORDER BY seq LIMIT ?2)"),
      remove_all_events_(connection_, "DELETE FROM events WHERE room_id = ?1"),
      end_removal_(connection_, "DELETE FROM removals WHERE room_id = ?1") {
    Statement(connection_, "PRAGMA page_size").query([this](const Statement& row) { page_bytes_ = row.integer(0); });
    sqlite3_wal_hook(
        connection_.handle(),
        [](void* session, sqlite3*, const char*, int pages) {
            static_cast<WriteSession*>(session)->wal_pages_ = pages;
            return SQLITE_OK;
        },
        this);
}

std::uint64_t WriteSession::wal_bytes() const {
    if (wal_pages_ == 0) return 0;
    return kWalHeaderBytes +
           static_cast<std::uint64_t>(wal_pages_) * (kWalFrameHeaderBytes + static_cast<std::uint64_t>(page_bytes_));
}

std::uint64_t WriteSession::measured_wal_bytes() {
    // Reads every frame that is not in the database yet, so it fails if one is missing.
    const int code =
        sqlite3_wal_checkpoint_v2(connection_.handle(), "main", SQLITE_CHECKPOINT_PASSIVE, &wal_pages_, nullptr);
    if (code != SQLITE_OK) connection_.fail();
    return wal_bytes();
}

std::uint64_t WriteSession::database_bytes() {
    std::uint64_t pages = 0;
    Statement(connection_, "PRAGMA page_count").query([&](const Statement& row) { pages = row.number(0); });
    return pages * static_cast<std::uint64_t>(page_bytes_);
}

void WriteSession::begin() {
    known_room_ = 0;
    is_counted_ = false;
    evidence_ = {};
    begin_.run();
}

void WriteSession::apply(const chat::StoreWrite& one) {
    std::visit([this](const auto& known) { write(known); }, one);
}

void WriteSession::write(const chat::PutRoom& put) {
    const chat::RoomRecord& room = put.room;
    // No event of a deleted room with this id may return.
    end_removal_.run(room.id);
    if (changed_rows() > 0) remove_all_events_.run(room.id);
    put_room_.run(room.id, room.title, room.description, static_cast<std::int64_t>(room.visibility), room.password_hash,
                  std::int64_t{room.owned}, room.token_epoch, room.retention_s, room.max_events, room.created_at,
                  room.updated_at, room.owner_epoch, room.salt, room.old_keys_until);
    if (room.id < chat::kFirstRandomRoomId) raise_next_room_id_.run(room.id + 1);
    is_counted_ = true;
}

void WriteSession::write(const chat::DeleteRoom& deletion) {
    // Its events are removed later in steps: removing a million of them would delay every room for a second.
    delete_room_.run(deletion.room);
    if (changed_rows() > 0) add_removal_.run(deletion.room);
    known_room_ = 0;
    is_counted_ = true;
}

void WriteSession::write(const chat::AppendEvent& append) {
    const chat::Event& event = append.event;
    assert(chat::is_durable(event.kind));
    if (event.room != known_room_) {
        const auto take = [&](const Statement& row) {
            known_room_ = event.room;
            purged_seq_ = row.number(0);
        };
        find_room_.query(take, event.room);
        if (event.room != known_room_) throw SqliteError(SQLITE_CONSTRAINT, "an event of a room that does not exist");
    }
    if (event.seq <= purged_seq_) throw SqliteError(SQLITE_CONSTRAINT, "the seq of an event that has been purged");
    const std::string name_key = event.client_id.empty() ? std::string() : fold_case(event.name);
    append_event_.run(event.room, event.seq, static_cast<std::int64_t>(event.kind), event.name, event.color, event.text,
                      event.client_id, event.time, name_key);
    if (std::holds_alternative<std::monostate>(evidence_)) evidence_ = AppendedEvent{event.room, event.seq};
}

void WriteSession::write(const chat::PurgeEvents& purge) {
    const std::int64_t through_seq = column_value(purge.through_seq);
    note_purge_.run(purge.room, through_seq);
    // Ignores events that a deleted room with this id left.
    if (changed_rows() > 0) purge_events_.run(purge.room, through_seq);
    known_room_ = 0;
    is_counted_ = true;
}

Evidence WriteSession::conclude() {
    if (!is_counted_) return evidence_;
    // The appended events may be removed again, so the evidence is a number.
    touch();
    return RoomChanges{room_changes()};
}

int WriteSession::try_commit() noexcept { return commit_.try_run(); }

bool WriteSession::roll_back() noexcept {
    if (sqlite3_get_autocommit(connection_.handle()) != 0) return true;
    return sqlite3_exec(connection_.handle(), "ROLLBACK", nullptr, nullptr, nullptr) == SQLITE_OK;
}

bool WriteSession::took_place(const Evidence& evidence) {
    if (const auto* changes = std::get_if<RoomChanges>(&evidence)) return room_changes() >= changes->count;
    const auto* event = std::get_if<AppendedEvent>(&evidence);
    bool is_there = false;
    if (event != nullptr) find_event_.query([&](const Statement&) { is_there = true; }, event->room, event->seq);
    return is_there;
}

void WriteSession::touch() { count_room_change_.run(); }

std::int64_t WriteSession::room_changes() {
    std::int64_t count = 0;
    room_changes_.query([&](const Statement& row) { count = row.integer(0); });
    return count;
}

bool WriteSession::remove_some() {
    std::optional<chat::RoomId> room;
    first_removal_.query([&](const Statement& row) { room = row.number(0); });
    if (!room) return false;
    remove_some_events_.run(*room, kEventsRemovedAtOnce);
    if (changed_rows() < kEventsRemovedAtOnce) end_removal_.run(*room);
    return true;
}

int WriteSession::checkpoint() noexcept {
    return sqlite3_wal_checkpoint_v2(connection_.handle(), "main", SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
}

}  // namespace globes::store
