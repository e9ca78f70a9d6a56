#include "chat/core.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "base/unicode.h"
#include "chat/room_rules.h"

namespace globes::chat {
namespace {

// Of one read of what was committed after an unknown outcome: more than a room can have on its way.
constexpr std::size_t kRecoverEvents = std::size_t{1} << 20;

std::unexpected<Error> failure(ErrorCode code, std::string_view field = {}) {
    return std::unexpected(Error{code, field});
}

}  // namespace

Core::Core(CorePorts ports, CoreSettings settings)
    : ports_(std::move(ports)),
      expiry_clock_(ports_.clock),
      retention_(settings.retention),
      shared_{.limits = settings.room,
              .encoder = ports_.encoder,
              .io_threads = ports_.io_threads.size(),
              .replay_cache = settings.replay_cache,
              .store_tells_repeats = ports_.store.tells_repeats()},
      history_(ports_.store, ports_.encoder, ports_.post, settings.history) {}

void Core::load(StoredRooms stored) {
    directory_ = Directory(std::max(stored.next_room_id, kPublicChatId + 1));
    const auto insert = [this](StoredRoom room) {
        directory_.claim_title(room.record.title, room.record.id);
        directory_.insert(std::make_unique<Room>(std::move(room), shared_)).set_stored_until(ports_.clock.steady());
    };
    for (StoredRoom& room : stored.rooms) insert(std::move(room));
    // It is never deleted: where it is missing, the store is fresh, or failed when it was fresh.
    if (directory_.find(kPublicChatId) != nullptr) return;
    RoomRecord record = public_chat(ports_.clock.now_us());
    // Titles are unique, and a store that something else has filled may have a room of that title.
    const std::string title = record.title;
    for (int number = 2; !directory_.claim_title(record.title, kPublicChatId); ++number)
        record.title = fmt::format("{} {}", title, number);
    insert({.record = record});
    has_public_chat_ = false;
    store_room(PutRoom{record}, kPublicChatId, [this](bool is_there) { has_public_chat_ |= is_there; });
}

// --- people ----------------------------------------------------------------------------------------------------------

Result<Core::Entered> Core::enter(RoomId id, std::uint64_t token_epoch, Entry entry) {
    Room* room = directory_.find(id);
    if (room == nullptr) return failure(ErrorCode::room_not_found);
    if (room->record().token_epoch != token_epoch) return failure(ErrorCode::invalid_token, "token");
    const ConnectionId connection = entry.connection;
    const bool resumes = entry.resumes;
    Participant* same = resumes ? room->participants().find_same(entry) : nullptr;
    // A token decides on the name, whatever session it comes with.
    if (same != nullptr && !room->may_be_called(entry.token_name, same->membership->name)) same = nullptr;
    room->participants().add(std::move(entry));
    if (same != nullptr) {
        room->participants().transfer_membership(*same, *room->participants().find(connection));
        ports_.io_threads[same->io_thread]->end(same->connection, Ending::replaced);
        room->participants().remove(same->connection);
    }
    const Readable readable_part = readable(*room);
    Entered entered{.room = id,
                    .from = room->log().end(),
                    .first_seq = readable_part.first_seq,
                    .last_seq = readable_part.last_seq,
                    .newest_time = room->newest_time()};
    if (resumes) entered.users = room->participants().users();
    return entered;
}

void Core::handle(RoomId id, unsigned io_thread, ConnectionId connection, ClientEvent event) {
    Room* room = directory_.find(id);
    if (room == nullptr) return;
    EventRefusal refusal{.error = {}, .name = event.name, .client_id = event.client_id};
    // A room that is on its way out takes nothing that it would lose; the same while the server is ending.
    const bool takes_no_sends = is_draining_ || is_being_deleted(id);
    Result<void> accepted = takes_no_sends && is_durable(event.kind)
                                ? failure(ErrorCode::unavailable)
                                : room->accept(connection, std::move(event), ports_.clock.now_us());
    if (!accepted) {
        refusal.error = accepted.error();
        ports_.io_threads[io_thread]->refuse(id, connection, std::move(refusal));
    }
    if (room->is_recovering()) recover(id);
    touch(*room);
}

void Core::depart(RoomId id, ConnectionId connection) {
    Room* room = directory_.find(id);
    if (room == nullptr) return;
    room->depart(connection, ports_.clock.now_us());
    touch(*room);
}

void Core::end_connections(Room& room, Ending ending, const std::function<bool(const Participant&)>& ends) {
    // What was said before still reaches them.
    publish(room);
    std::vector<ConnectionId> ended;
    for (const ConnectionId connection : room.participants().connections()) {
        const Participant& participant = *room.participants().find(connection);
        if (!ends(participant)) continue;
        ports_.io_threads[participant.io_thread]->end(connection, ending);
        ended.push_back(connection);
    }
    for (const ConnectionId connection : ended) room.depart(connection, ports_.clock.now_us());
    touch(room);
}

// --- the batch -------------------------------------------------------------------------------------------------------

void Core::end_batch() {
    StoreBatch batch;
    std::vector<RoomId> submitted;
    std::vector<SendKey> keys;
    for (const RoomId id : std::exchange(touched_, {})) {
        Room* room = directory_.find(id);
        if (room == nullptr) continue;
        room->take_lookups(keys);
        if (room->can_submit() && !is_being_deleted(id)) {
            // Its first put may have failed; without it no send of the room would ever be stored.
            if (id == kPublicChatId && !has_public_chat_) batch.push_back(PutRoom{room->record()});
            if (room->submit(batch)) submitted.push_back(id);
        }
        answer_senders(*room);
        publish(*room);
    }
    if (!keys.empty()) look_up(std::move(keys));
    if (!batch.empty()) {
        ++in_flight_;
        ports_.store.append(std::move(batch), [this, rooms = std::move(submitted)](BatchOutcome outcome) mutable {
            ports_.post([this, rooms = std::move(rooms), outcome = std::move(outcome)] {
                --in_flight_;
                count_outcome(outcome);
                on_committed(rooms, outcome);
            });
        });
    }
    update_counts();  // first: whoever sees what happened sees it counted
    for (IoPort* port : ports_.io_threads) port->flush();
    if (is_draining_ && in_flight_ == 0 && idle_) std::exchange(idle_, nullptr)();
}

void Core::count_outcome(const BatchOutcome& outcome) {
    switch (outcome.without_repeats()) {
        case CommitOutcome::committed:
            return counts_.batches_committed.add();
        case CommitOutcome::failed:
            return counts_.batches_failed.add();
        case CommitOutcome::unknown:
            return counts_.batches_unknown.add();
    }
}

void Core::update_counts() {
    counts_.rooms.set(directory_.size());
    counts_.members.set(shared_.members);
    counts_.in_flight.set(in_flight_ + history_.reads_in_flight());
    counts_.sends_stored.set(shared_.sends_stored);
    counts_.replay_reads.set(history_.reads());
}

void Core::publish(Room& room) {
    for (const roomlog::Slice& slice : room.log().take_unpublished())
        for (std::size_t io_thread = 0; io_thread < ports_.io_threads.size(); ++io_thread)
            if (room.participants().is_on(io_thread)) ports_.io_threads[io_thread]->extend(room.record().id, slice);
}

void Core::on_committed(std::span<const RoomId> rooms, const BatchOutcome& outcome) {
    for (const RoomId id : rooms) {
        Room* room = directory_.find(id);
        if (room == nullptr) continue;
        touch(*room);
        const CommitOutcome of_room = outcome.of(id);
        if (of_room == CommitOutcome::committed) {
            has_public_chat_ |= id == kPublicChatId;
            note_stored(*room);
            room->commit();
            continue;
        }
        if (const std::uint64_t repeated_seq = outcome.repeated_seq(id); repeated_seq != 0) {
            if (repeated_seq > room->last_seq() + 1) note_stored(*room);
            room->commit_before(repeated_seq);
            continue;
        }
        room->fail(of_room == CommitOutcome::failed);
        if (room->is_recovering()) recover(id);
    }
}

/// Asks the store for ids that are not known to be new. The keys of one room stand side by side.
void Core::look_up(std::vector<SendKey> keys) {
    ++in_flight_;
    auto asked = keys;
    ports_.store.find_sends(std::move(asked), [this, keys = std::move(keys)](SendLookup lookup) mutable {
        ports_.post([this, keys = std::move(keys), lookup = std::move(lookup)] {
            --in_flight_;
            for (std::size_t begin = 0, end = 0; begin < keys.size(); begin = end) {
                while (end < keys.size() && keys[end].room == keys[begin].room) ++end;
                Room* room = directory_.find(keys[begin].room);
                if (room == nullptr) continue;
                std::span<const std::optional<Event>> found;
                if (lookup.ok) found = std::span(lookup.found).subspan(begin, end - begin);
                room->resolve(std::span(keys).subspan(begin, end - begin), found);
                touch(*room);
            }
        });
    });
}

void Core::answer_senders(Room& room) {
    auto answers = room.take_answers();
    if (answers.empty()) return;
    const Readable readable_part = readable(room);
    for (Room::Answer& answer : answers) {
        const Participant* sender = room.participants().find(answer.sender);
        if (sender == nullptr) continue;
        IoPort& port = *ports_.io_threads[sender->io_thread];
        // An original that has expired is shown to nobody; once it is removed the id is free, and the send may be
        // repeated.
        const bool is_gone = answer.is_duplicate && !sender->resumes && !readable_part.shows(answer.seq, answer.time);
        if (answer.seq == 0 || is_gone) {
            port.refuse(room.record().id, answer.sender,
                        {.error = {ErrorCode::unavailable},
                         .name = std::move(answer.name),
                         .client_id = std::move(answer.client_id)});
        } else if (sender->resumes) {
            port.acknowledge(answer.sender, answer.client_id, answer.seq, answer.is_duplicate);
        } else if (answer.is_duplicate) {
            port.send(answer.sender, std::move(answer.frame));
        }
    }
}

void Core::recover(RoomId id) {
    if (!recovering_.insert(id).second) return;
    ++in_flight_;
    const EventQuery query{.room = id, .after = directory_.find(id)->last_seq(), .limit = kRecoverEvents};
    ports_.store.read_events(query, [this, id](EventPage page) {
        ports_.post([this, id, page = std::move(page)]() mutable {
            --in_flight_;
            recovering_.erase(id);
            // A read that fails is tried again at the room's next event.
            if (Room* room = directory_.find(id); room != nullptr && page.ok) {
                note_stored(*room);
                room->recover(page.events);
                touch(*room);
            }
        });
    });
}

void Core::drain(Task idle) {
    is_draining_ = true;
    idle_ = std::move(idle);
}

}  // namespace globes::chat
