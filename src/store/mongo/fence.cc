#include "store/mongo/fence.h"

#include <spdlog/spdlog.h>

#include "store/mongo/documents.h"

namespace globes::store::mongo {
namespace {

Document counter() {
    Document id;
    id.text("_id", "writer");
    return id;
}

}  // namespace

void Fence::take_over(Session& session) {
    Document one;
    one.integer("value", 1);
    Document increment;
    increment.document("$inc", one);
    Document majority;
    majority.text("w", "majority").boolean("j", true);
    Document command;
    command.text("findAndModify", kCounters).document("query", counter()).document("update", increment);
    command.boolean("upsert", true).boolean("new", true).document("writeConcern", majority);
    const auto count_up = [&] {
        session.command(command, [this](const View& reply) {
            reply.look_into("value", [this](const View& found) { number_ = found.number("value"); });
        });
    };
    try {
        count_up();
    } catch (const CallError& error) {
        // Of two processes that make the counter at once, one is refused. It finds the counter then.
        if (error.code() != MONGOC_ERROR_DUPLICATE_KEY) throw;
        count_up();
    }
    if (number_ == 0) throw CallError("the server gives no number to this process", 0, 0);
}

void Fence::close(std::uint64_t newer) {
    if (is_closed_.exchange(true)) return;
    spdlog::critical("event=second_writer writer={} own={} reason=\"another Globes was started on the database\"", newer,
                     number_);
}

void Fence::look(Session& session) {
    const auto newest = [&] {
        std::uint64_t number = 0;
        session.find(kCounters, counter(), Document(), 1, [&](const View& found) { number = found.number("value"); });
        return number;
    };
    if (newest() <= number_) return;
    if (const std::uint64_t again = newest(); again > number_) close(again);
}

}  // namespace globes::store::mongo
