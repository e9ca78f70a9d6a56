#include "store/sqlite/sqlite_check.h"

#include <fmt/format.h>

#include "store/sqlite/connection.h"
#include "store/sqlite/schema.h"

namespace globes::store {
namespace {

// Steps from room to room over the primary key, so that it reads a page or two for each, and no events.
constexpr std::string_view kOrphans =
    "WITH RECURSIVE speaking (id) AS (SELECT min(room_id) FROM events UNION ALL"
    " SELECT (SELECT min(room_id) FROM events WHERE room_id > speaking.id) FROM speaking WHERE id IS NOT NULL)"
    " SELECT id, (SELECT count(*) FROM events WHERE room_id = id) FROM speaking WHERE id IS NOT NULL"
    " AND id NOT IN (SELECT id FROM rooms) AND id NOT IN (SELECT room_id FROM removals)";
// Only a purge removes the oldest events, and it stores the last purged seq.
constexpr std::string_view kLostBeginnings =
    "SELECT id, purged_seq + 1, first FROM (SELECT id, purged_seq,"
    " (SELECT min(seq) FROM events WHERE room_id = id) AS first FROM rooms) WHERE first <> purged_seq + 1";
// The events of an existing room would be removed.
constexpr std::string_view kRoomsBeingRemoved = "SELECT room_id FROM removals WHERE room_id IN (SELECT id FROM rooms)";

class Check {
public:
    explicit Check(const std::filesystem::path& file) : connection_(open_existing({.file = file, .vfs = {}})) {
        connection_.run("BEGIN");
    }

    std::vector<std::string> faults() {
        look("PRAGMA integrity_check", [&](const Statement& row) {
            if (const std::string text = row.text(0); text != "ok") add("the database file: {}", text);
        });
        look(kOrphans, [&](const Statement& row) {
            add("{} events of room {}, which does not exist", row.number(1), row.number(0));
        });
        look(kLostBeginnings, [&](const Statement& row) {
            add("room {}: begins at seq {}, but the purge ended before seq {}", row.number(0), row.number(2),
                row.number(1));
        });
        look(kRoomsBeingRemoved, [&](const Statement& row) {
            add("room {}: exists, but its events are marked for removal", row.number(0));
        });
        return std::move(faults_);
    }

private:
    /// A corrupt page ends one check; the others may still find faults.
    template <class Take>
    void look(std::string_view sql, Take take) {
        try {
            Statement(connection_, sql).query(take);
        } catch (const SqliteError& error) {
            if (!error.is_corruption()) throw;
            add("{}", error.what());
        }
    }
    template <class... Values>
    void add(fmt::format_string<Values...> text, Values&&... values) {
        faults_.push_back(fmt::format(text, std::forward<Values>(values)...));
    }

    Connection connection_;
    std::vector<std::string> faults_;
};

}  // namespace

std::vector<std::string> check_sqlite(const std::filesystem::path& file) {
    try {
        return Check(file).faults();
    } catch (const SqliteError& error) {
        if (!error.is_corruption()) throw;
        return {error.what()};
    }
}

}  // namespace globes::store
