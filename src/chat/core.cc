#include "chat/core.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "base/unicode.h"

namespace globes::chat {
namespace {

constexpr UnixMicros kMicrosPerSecond = 1'000'000;
// Of one call of `purge`, and of one transaction of it: commits wait for no longer than that takes.
constexpr std::size_t kPurgedRooms = 256;
constexpr std::uint64_t kPurgedEvents = 1000;
// Of one read of what was committed after an unknown outcome: more than a room can have on its way.
constexpr std::size_t kRecoverEvents = std::size_t{1} << 20;

RoomRecord public_chat(UnixMicros now) {
    return {.id = kPublicChatId,
            .title = "Public Chat",
            .description = "This is the default chat, available to everyone!",
            .created_at = now,
            .updated_at = now};
}

std::unexpected<Error> failure(ErrorCode code, std::string_view field = {}) {
    return std::unexpected(Error{code, field});
}

}  // namespace

Core::Core(CorePorts ports, CoreSettings settings)
    : ports_(std::move(ports)),
      retention_(settings.retention),
      shared_{
          .limits = settings.room, .encoder = ports_.encoder, .lanes = ports_.lanes.size(), .recent = settings.recent},
      history_(ports_.store, ports_.encoder, ports_.post, settings.history) {}

void Core::load(StoredRooms stored) {
    directory_ = Directory(std::max(stored.next_room_id, kPublicChatId + 1));
    const auto insert = [this](StoredRoom room) {
        directory_.claim_title(room.record.title, room.record.id);
        directory_.insert(std::make_unique<Room>(std::move(room.record), room.last_seq, room.first_seq, shared_));
    };
    for (StoredRoom& room : stored.rooms) insert(std::move(room));
    // It is never deleted: where it is missing, the store is fresh, or failed when it was fresh.
    if (directory_.find(kPublicChatId) != nullptr) return;
    const RoomRecord record = public_chat(ports_.clock.now_us());
    insert({.record = record});
    has_public_chat_ = false;
    store_room(PutRoom{record}, kPublicChatId, [this](bool is_there) { has_public_chat_ |= is_there; });
}

// --- rooms -----------------------------------------------------------------------------------------------------------

RoomView Core::view(const Room& room) const {
    return {.record = room.record(), .users = room.people().users(), .online = room.people().online()};
}

std::vector<RoomView> Core::list(RoomId after, std::size_t limit) const {
    std::vector<RoomView> views;
    for (const Room* room : directory_.list(after, limit))
        views.push_back({.record = room->record(), .users = {}, .online = room->people().online()});
    return views;
}

void Core::create_room(RoomRecord record, RoomReply reply) {
    if (is_draining_) return reply(failure(ErrorCode::unavailable));
    if (directory_.find(RoomKey::of(record.title)) != nullptr)
        return reply(failure(ErrorCode::duplicate_room, "title"));
    record.id = directory_.give_id(record.visibility);
    // Another room of that title may be on its way to the store.
    if (!directory_.claim_title(record.title, record.id)) return reply(failure(ErrorCode::duplicate_room, "title"));
    record.created_at = record.updated_at = ports_.clock.now_us();
    store_room(PutRoom{record}, record.id, [this, record, reply = std::move(reply)](bool stored) mutable {
        if (!stored) {
            directory_.free_title(record.title, record.id);
            return reply(failure(ErrorCode::unavailable));
        }
        const Room& room = directory_.insert(std::make_unique<Room>(std::move(record), 0, 1, shared_));
        reply(view(room));
    });
}

void Core::update_room(const RoomRecord& base, RoomRecord next, std::move_only_function<void()> changed_meanwhile,
                       RoomReply reply) {
    const Room* room = directory_.find(base.id);
    if (room == nullptr) return reply(failure(ErrorCode::room_not_found));
    if (is_draining_) return reply(failure(ErrorCode::unavailable));
    if (const auto change = changing_.find(base.id); change != changing_.end()) {
        change->second.put_off.push_back([this, base, next = std::move(next),
                                          changed_meanwhile = std::move(changed_meanwhile),
                                          reply = std::move(reply)]() mutable {
            update_room(base, std::move(next), std::move(changed_meanwhile), std::move(reply));
        });
        return;
    }
    if (room->record() != base) return changed_meanwhile();
    if (!directory_.claim_title(next.title, next.id)) return reply(failure(ErrorCode::duplicate_room, "title"));
    next.updated_at = ports_.clock.now_us();
    const std::string old_title = base.title;
    store_room(PutRoom{next}, next.id, [this, old_title, next, reply = std::move(reply)](bool stored) mutable {
        if (!stored) {
            if (fold_case(old_title) != fold_case(next.title)) directory_.free_title(next.title, next.id);
            return reply(failure(ErrorCode::unavailable));
        }
        const RoomId id = next.id;
        apply_update(std::move(next));
        reply(view(*directory_.find(id)));
    });
}

void Core::apply_update(RoomRecord next) {
    Room& room = *directory_.find(next.id);
    const bool ends_tokens = next.token_epoch != room.record().token_epoch;
    const bool is_public = next.visibility == Visibility::public_room;
    directory_.change(room, std::move(next));
    if (!ends_tokens) return;
    end_connections(room, Ending::authorization_ended, [&](const Person& person) {
        return !person.owner && (!is_public || !person.token_name().empty());
    });
}

void Core::delete_room(const RoomRecord& base, std::move_only_function<void()> changed_meanwhile, Reply reply) {
    const RoomId id = base.id;
    Room* room = directory_.find(id);
    if (room == nullptr) return reply(failure(ErrorCode::room_not_found));
    if (is_draining_) return reply(failure(ErrorCode::unavailable));
    if (const auto change = changing_.find(id); change != changing_.end()) {
        change->second.put_off.push_back(
            [this, base, changed_meanwhile = std::move(changed_meanwhile), reply = std::move(reply)]() mutable {
                delete_room(base, std::move(changed_meanwhile), std::move(reply));
            });
        return;
    }
    if (room->record() != base) return changed_meanwhile();
    store_room(DeleteRoom{id}, id, [this, id, room, reply = std::move(reply)](bool stored) mutable {
        if (!stored) {
            touch(*room);  // what waited in it goes on
            return reply(failure(ErrorCode::unavailable));
        }
        end_connections(*room, Ending::room_deleted, [](const Person&) { return true; });
        directory_.erase(id);
        reply({});
    });
}

void Core::store_room(StoreWrite write, RoomId room, std::move_only_function<void(bool)> done) {
    changing_.emplace(room, Change{.is_deletion = std::holds_alternative<DeleteRoom>(write), .put_off = {}});
    ++in_flight_;
    StoreBatch batch;
    batch.push_back(std::move(write));
    ports_.store.append(std::move(batch), [this, room, done = std::move(done)](CommitOutcome outcome) mutable {
        ports_.post([this, room, outcome, done = std::move(done)]() mutable {
            --in_flight_;
            auto change = changing_.extract(room);
            done(outcome == CommitOutcome::committed);
            for (Task& task : change.mapped().put_off) task();
        });
    });
}

bool Core::is_being_deleted(RoomId room) const {
    const auto change = changing_.find(room);
    return change != changing_.end() && change->second.is_deletion;
}

// --- people ----------------------------------------------------------------------------------------------------------

Result<Core::Entered> Core::enter(RoomId id, std::uint64_t token_epoch, Entry entry) {
    Room* room = directory_.find(id);
    if (room == nullptr) return failure(ErrorCode::room_not_found);
    if (room->record().token_epoch != token_epoch) return failure(ErrorCode::invalid_token, "token");
    const ConnectionId connection = entry.connection;
    const bool resumes = entry.resumes;
    Person* same = resumes ? room->people().find_same(entry) : nullptr;
    room->people().add(std::move(entry));
    if (same != nullptr) {
        room->people().hand_over(*same, *room->people().find(connection));
        ports_.lanes[same->lane]->end(same->connection, Ending::replaced);
        room->people().remove(same->connection);
    }
    const Readable readable_part = readable(*room);
    Entered entered{.room = id,
                    .from = room->log().end(),
                    .first_seq = readable_part.first_seq,
                    .last_seq = readable_part.last_seq};
    if (resumes) entered.users = room->people().users();
    return entered;
}

void Core::catch_up(RoomId id, std::uint64_t after, std::move_only_function<void(CatchUp)> reply) {
    const Room* room = directory_.find(id);
    if (room == nullptr) return reply({});
    const Readable part = readable(*room);
    after = std::max(after, part.first_seq - 1);
    auto recent = after >= part.last_seq ? std::optional(std::vector<log::Slice>()) : room->recent().after(after);
    if (recent) {
        return reply({.is_ok = true, .frames = std::move(*recent), .after = part.last_seq, .live = room->log().end()});
    }
    history_.read(id, after, part.last_seq, part.not_before,
                  [after, last_seq = part.last_seq,
                   reply = std::move(reply)](const std::shared_ptr<const FramePage>& page) mutable {
                      if (page == nullptr) return reply({});
                      CatchUp step{.is_ok = true, .after = std::max(after, page->last_seq)};
                      if (page->last_seq > after) {
                          step.frames.push_back(page->after(after));
                      } else {
                          step.after = last_seq;  // all that there was has expired meanwhile
                      }
                      reply(std::move(step));
                  });
}

Core::Readable Core::readable(const Room& room) const {
    const RoomRecord& record = room.record();
    const std::uint64_t seconds = record.retention_s != 0 ? record.retention_s : retention_.seconds;
    const std::uint64_t events = record.max_events != 0 ? record.max_events : retention_.events;
    Readable part{.first_seq = room.first_seq(), .last_seq = room.last_seq()};
    if (events != 0 && part.last_seq > events) part.first_seq = std::max(part.first_seq, part.last_seq - events + 1);
    if (seconds != 0) part.not_before = ports_.clock.now_us() - static_cast<UnixMicros>(seconds) * kMicrosPerSecond;
    return part;
}

void Core::handle(RoomId id, unsigned lane, ConnectionId connection, ClientEvent event) {
    Room* room = directory_.find(id);
    if (room == nullptr) return;
    std::string client_id = event.client_id;
    // A room that is on its way out takes nothing that it would lose; the same while the server is ending.
    const bool takes_no_sends = is_draining_ || is_being_deleted(id);
    Result<void> accepted = takes_no_sends && is_durable(event.kind)
                                ? failure(ErrorCode::unavailable)
                                : room->accept(connection, std::move(event), ports_.clock.now_us());
    if (!accepted) ports_.lanes[lane]->refuse(id, connection, accepted.error(), std::move(client_id));
    if (room->is_recovering()) recover(id);
    touch(*room);
}

void Core::depart(RoomId id, ConnectionId connection) {
    Room* room = directory_.find(id);
    if (room == nullptr) return;
    room->depart(connection, ports_.clock.now_us());
    touch(*room);
}

void Core::end_connections(Room& room, Ending ending, const std::function<bool(const Person&)>& ends) {
    // What was said before still reaches them.
    publish(room);
    std::vector<ConnectionId> ended;
    for (const ConnectionId connection : room.people().connections()) {
        const Person& person = *room.people().find(connection);
        if (!ends(person)) continue;
        ports_.lanes[person.lane]->end(connection, ending);
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
        ports_.store.append(std::move(batch), [this, rooms = std::move(submitted)](CommitOutcome outcome) mutable {
            ports_.post([this, rooms = std::move(rooms), outcome] {
                --in_flight_;
                on_committed(rooms, outcome);
            });
        });
    }
    for (Lane* lane : ports_.lanes) lane->flush();
    if (is_draining_ && in_flight_ == 0 && idle_) std::exchange(idle_, nullptr)();
}

void Core::publish(Room& room) {
    for (const log::Slice& slice : room.log().take_unpublished())
        for (std::size_t lane = 0; lane < ports_.lanes.size(); ++lane)
            if (room.people().on_lane(lane)) ports_.lanes[lane]->extend(room.record().id, slice);
}

void Core::on_committed(std::span<const RoomId> rooms, CommitOutcome outcome) {
    for (const RoomId id : rooms) {
        Room* room = directory_.find(id);
        if (room == nullptr) continue;
        touch(*room);
        if (outcome == CommitOutcome::committed) {
            has_public_chat_ |= id == kPublicChatId;
            room->commit();
            continue;
        }
        room->fail(outcome == CommitOutcome::failed);
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
    for (Room::Answer& answer : room.take_answers()) {
        const Person* sender = room.people().find(answer.sender);
        if (sender == nullptr) continue;
        Lane& lane = *ports_.lanes[sender->lane];
        if (answer.seq == 0) {
            lane.refuse(room.record().id, answer.sender, Error{ErrorCode::unavailable}, std::move(answer.client_id));
        } else if (sender->resumes) {
            lane.acknowledge(answer.sender, answer.client_id, answer.seq, answer.is_duplicate);
        } else if (answer.is_duplicate) {
            lane.send(answer.sender, std::move(answer.frame));
        }
    }
}

// --- retention -------------------------------------------------------------------------------------------------------

void Core::purge() {
    if (is_draining_) return;
    std::size_t looked_at = 0;
    directory_.for_each_from(purge_from_, [&](Room& room) {
        const RoomId id = room.record().id;
        purge_from_ = id + 1;
        const Readable part = readable(room);
        if (part.not_before != 0 && part.last_seq >= part.first_seq && !purging_.contains(id)) {
            purging_.insert(id);
            ++in_flight_;
            ports_.store.read_events(
                {.room = id, .limit = 1, .not_before = part.not_before},
                [this, id, by_count = part.first_seq](const EventPage& page) {
                    ports_.post([this, id, first_seq = page.ok ? std::max(page.first_seq, by_count) : 0] {
                        --in_flight_;
                        purging_.erase(id);
                        purge_before(id, first_seq);
                    });
                });
        } else {
            purge_before(id, part.first_seq);
        }
        return ++looked_at < kPurgedRooms;
    });
    if (looked_at < kPurgedRooms) purge_from_ = 0;
}

/// One step: what is left over is for a later call.
void Core::purge_before(RoomId id, std::uint64_t first_seq) {
    Room* room = directory_.find(id);
    if (room == nullptr || first_seq <= room->first_seq() || is_being_deleted(id) || purging_.contains(id)) return;
    purging_.insert(id);
    ++in_flight_;
    const std::uint64_t through_seq = std::min(first_seq - 1, room->first_seq() - 1 + kPurgedEvents);
    StoreBatch batch;
    batch.push_back(PurgeEvents{.room = id, .through_seq = through_seq});
    ports_.store.append(std::move(batch), [this, id, first_seq, through_seq](CommitOutcome outcome) {
        ports_.post([this, id, first_seq, through_seq, outcome] {
            --in_flight_;
            purging_.erase(id);
            Room* purged = directory_.find(id);
            if (purged == nullptr || outcome != CommitOutcome::committed) return;
            purged->set_first_seq(through_seq + 1);
            if (!is_draining_) purge_before(id, first_seq);
        });
    });
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
