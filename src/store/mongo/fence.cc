#include "store/mongo/fence.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "base/logging.h"
#include "base/random.h"
#include "store/mongo/documents.h"

namespace globes::store::mongo {
namespace {

constexpr std::size_t kMarkBytes = 16;

Document counter() {
    Document id;
    id.text("_id", "writer");
    return id;
}

}  // namespace

void Fence::take_over(Session& session) {
    // An older state that is put back may give the same number again, but never the same mark.
    mark_ = random_hex(kMarkBytes);
    Document one;
    one.integer("value", 1);
    Document mark;
    mark.text("mark", mark_).integer("beats", 0);
    Document change;
    change.document("$inc", one).document("$set", mark);
    Document majority;
    majority.text("w", "majority").boolean("j", true);
    Document command;
    command.text("findAndModify", kCounters).document("query", counter()).document("update", change);
    command.boolean("upsert", true).boolean("new", true).document("writeConcern", majority);
    const auto count_up = [&] {
        session.command(command, [this](const DocumentView& reply) {
            reply.visit_document("value", [this](const DocumentView& found) { number_ = found.number("value"); });
        });
    };
    try {
        count_up();
    } catch (const DatabaseError& error) {
        // Of two processes that make the counter at once, one is refused. It finds the counter then.
        if (error.code() != MONGOC_ERROR_DUPLICATE_KEY) throw;
        count_up();
    }
    if (number_ == 0) throw DatabaseError("the server gives no number to this process", 0, 0);
}

void Fence::look(Session& session) {
    const std::uint64_t beats_before = beats_;
    bool is_there = false;
    std::uint64_t newest = 0;
    std::uint64_t beats = 0;
    std::string mark;
    session.find(kCounters, counter(), Document(), 1, [&](const DocumentView& found) {
        is_there = true;
        newest = found.number("value");
        beats = found.number("beats");
        mark = found.text("mark");
    });
    const bool is_as_written = newest == number_ && mark == mark_ && beats >= beats_before;
    if (number_ == 0 || is_closed_ || is_as_written || confirm_ownership(session, beats_before, beats_before)) return;
    if (newest > number_) {
        if (!is_closed_.exchange(true))
            spdlog::critical(
                "event=second_writer writer={} own={} reason=\"another Globes was started on the database\"", newest,
                number_);
    } else if (!is_there) {
        mark_database_lost("the counter writer is gone: it was dropped or emptied");
    } else if (newest < number_) {
        mark_database_lost(
            fmt::format("the counter writer is {} and was {}: an older state was put back", newest, number_));
    } else if (mark == mark_) {
        mark_database_lost("the counter writer has fewer beats than it had: an older state was put back");
    } else {
        mark_database_lost("the counter writer has another mark: an older state was put back, or another database");
    }
}

void Fence::beat(Session& session) {
    const std::uint64_t beats = beats_ + 1;
    if (confirm_ownership(session, beats_, beats))
        beats_ = beats;
    else
        look(session);
}

/// Asks with a write, which raises the beats: just after a fail-over a read may show an older state.
bool Fence::confirm_ownership(Session& session, std::uint64_t beats_before, std::uint64_t beats) const {
    Document not_older;
    not_older.number("$gte", beats_before);
    Document mine = counter();
    mine.number("value", number_).text("mark", mark_).document("beats", not_older);
    Document raised;
    raised.number("beats", beats);
    Document change;
    change.document("$max", raised);
    const WriteResult result = session.update(kCounters, mine, change);
    if (result.status != WriteStatus::acknowledged) throw DatabaseError(result.cause, result.domain, result.code);
    return result.written > 0;
}

void Fence::mark_database_lost(const std::string& cause) {
    // Readers look at this first: nothing of it is read as history once the fence is closed.
    is_database_lost_ = true;
    if (!is_closed_.exchange(true)) spdlog::critical("event=database_lost cause={}", log_value(cause));
}

}  // namespace globes::store::mongo
