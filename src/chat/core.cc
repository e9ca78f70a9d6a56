#include "chat/core.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <utility>
#include <variant>

#include "base/task_boundary.h"
#include "chat/room_rules.h"

namespace globes::chat {
namespace {

// The limit of the read after an unknown outcome. RoomLimits::waiting_bytes allows fewer events in one batch.
constexpr std::size_t kRecoverEvents = std::size_t{1} << 20;

std::unexpected<Error> failure(ErrorCode code, std::string_view field = {}) {
    return std::unexpected(Error{code, field});
}

/// Returns the listed members for a connection that enters a room. If the connection has taken over a membership that
/// is not listed, this member replaces the last one: the client receives no join that would announce it.
std::vector<RoomUser> users_for(Participants& participants, ConnectionId connection) {
    std::vector<RoomUser> users = participants.users(kMaxListedUsers);
    const auto& own = participants.find(connection)->membership;
    if (own == nullptr || own->is_unproven) return users;
    assert(!users.empty());
    if (std::ranges::find(users, own->name, &RoomUser::username) == users.end())
        users.back() = {.username = own->name, .color = own->color, .last_activity = own->last_activity};
    return users;
}

}  // namespace

Core::Core(CorePorts ports, const CoreSettings& settings)
    : ports_(std::move(ports)),
      post_(std::make_shared<const CorePost>(ports_.post)),
      expiry_clock_(ports_.clock),
      store_(ports_.store, post_, counts_),
      shared_{.limits = settings.room,
              .encoder = ports_.encoder,
              .clock = ports_.clock,
              .expiry_clock = expiry_clock_,
              .io_threads = ports_.io_threads.size(),
              .replay_cache = settings.replay_cache,
              .retention = settings.retention,
              .store_reports_repeats = store_.reports_repeats()},
      history_(ports_.store, ports_.encoder, post_, settings.history),
      purger_(directory_, store_, ports_.clock, expiry_clock_),
      admin_(directory_, shared_, purger_, effects_, settings.max_rooms),
      catch_up_(directory_, purger_, history_) {}

void Core::load(StoredRooms stored) {
    shared_.guaranteed_events = store_.guaranteed_events();
    directory_.set_next_id(std::max(stored.next_room_id, kPublicChatId + 1));
    for (StoredRoom& room : stored.rooms) {
        directory_.claim_stored_title(room.record.title, room.record.visibility, room.record.id);
        admin_.insert(std::move(room));
    }
    // Public Chat cannot be deleted. If it does not exist, the store is new, or has never accepted the room.
    if (directory_.find(kPublicChatId) == nullptr) create_public_chat();
    end_batch();
    thread_.release();  // the core thread starts later
}

void Core::create_public_chat() {
    RoomRecord record = public_chat(ports_.clock.now_us());
    record.salt = new_room_salt();
    // Titles are unique. A store that another program has filled may have a room with this title.
    const std::string title = record.title;
    for (int number = 2; !directory_.claim_title(record.title, record.visibility, kPublicChatId); ++number)
        record.title = fmt::format("{} {}", title, number);
    admin_.insert({.record = record});
    has_public_chat_ = false;
    admin_.put(record, [this](bool is_stored) { has_public_chat_ |= is_stored; });
}

std::optional<RoomView> Core::view(const RoomKey& key, std::optional<std::uint64_t> verified) const {
    const Room* room = find(key);
    if (room == nullptr) return std::nullopt;
    const RoomRecord& record = room->record();
    const bool shows_users = record.visibility == Visibility::public_room || verified == record.token_epoch;
    return shows_users ? room->view() : room->outline();
}

std::vector<RoomView> Core::list(RoomId after, std::size_t limit) const {
    GLOBES_ASSERT_ON(thread_);
    std::vector<RoomView> views;
    for (const Room* room : directory_.list(after, limit)) views.push_back(room->outline());
    return views;
}

// --- connections -----------------------------------------------------------------------------------------------------

Result<Core::Entered> Core::enter(RoomId id, TokenEpochs verified, const Entry& entry) {
    GLOBES_ASSERT_ON(thread_);
    Room* room = directory_.find(id);
    if (room == nullptr) return failure(ErrorCode::room_not_found);
    const TokenEpochs now = room->record().token_epochs();
    if (verified.room != now.room || (entry.owner && verified.owner != now.owner))
        return failure(ErrorCode::invalid_token, "token");
    const ConnectionId connection = entry.connection;
    const bool resumes = entry.resumes;
    // The name in a token is binding: the client cannot take over a member with another name.
    Participant* const replaced =
        resumes ? room->participants().find_member_of_same_client(entry, room->bound_name(entry.token_name)) : nullptr;
    room->participants().add(entry);
    if (replaced != nullptr) {
        room->participants().transfer_membership(*replaced, *room->participants().find(connection));
        effects_.add(EndConnection{replaced->io_thread, replaced->connection, Ending::replaced});
        room->participants().remove(replaced->connection);
    }
    const VisibleRange visible = room->visible();
    Entered entered{.room = id,
                    .from = room->log_end(),
                    .first_seq = visible.first_seq,
                    .last_seq = visible.last_seq,
                    .newest_time = room->newest_time()};
    if (resumes) {
        entered.users = users_for(room->participants(), connection);
        // The listed ones are members by now, whatever the log says.
        entered.online = std::max(room->online_in_log(), entered.users.size());
    }
    return entered;
}

void Core::handle(RoomId id, unsigned io_thread, ConnectionId connection, ClientEvent event) {
    GLOBES_ASSERT_ON(thread_);
    Room* room = directory_.find(id);
    if (room == nullptr) return;
    if (is_draining_ && is_durable(event.kind)) {
        effects_.add(Refuse{io_thread,
                            connection,
                            id,
                            {.error = {ErrorCode::unavailable},
                             .name = std::move(event.name),
                             .client_id = std::move(event.client_id)}});
        return;
    }
    room->accept(connection, std::move(event), ports_.clock.now_us(), effects_);
}

void Core::depart(RoomId id, ConnectionId connection) {
    GLOBES_ASSERT_ON(thread_);
    if (Room* room = directory_.find(id)) room->depart(connection, ports_.clock.now_us(), effects_);
}

// --- the batch -------------------------------------------------------------------------------------------------------

/// Carries out the effects of a batch in order. Events, lookups and changes of rooms are collected for the store; the
/// events, and the lookups, go there in one call.
struct Core::EffectRunner {
    Core& core;
    std::vector<Event> events = {};
    std::vector<SendKey> keys = {};
    std::vector<WriteRoom> writes = {};

    IoPort& port(unsigned io_thread) {
        assert(io_thread < core.ports_.io_threads.size());
        return *core.ports_.io_threads[io_thread];
    }

    void operator()(Append& append) { events.push_back(std::move(append.event)); }
    void operator()(LookUp& look_up) { keys.push_back(std::move(look_up.key)); }
    void operator()(WriteRoom& write) { writes.push_back(std::move(write)); }
    void operator()(const Recover& recover) { core.recover(recover.room); }
    void operator()(const Publish& publish) {
        for (unsigned io_thread = 0; io_thread < core.ports_.io_threads.size(); ++io_thread)
            if (publish.io_threads.test(io_thread)) port(io_thread).extend(publish.room, publish.slice);
    }
    void operator()(const Acknowledge& ack) {
        port(ack.io_thread).acknowledge(ack.connection, ack.client_id, ack.seq, ack.is_duplicate);
    }
    void operator()(Refuse& refuse) {
        port(refuse.io_thread).refuse(refuse.room, refuse.connection, std::move(refuse.refusal));
    }
    void operator()(SendFrames& send) { port(send.io_thread).send(send.connection, std::move(send.frames)); }
    void operator()(const EndConnection& end) { port(end.io_thread).end(end.connection, end.ending); }
    void operator()(Reply& reply) { port(reply.io_thread).run(std::move(reply.task)); }
};

void Core::end_batch() {
    GLOBES_ASSERT_ON(thread_);
    const std::uint64_t batch = effects_.batch();
    EffectRunner runner{*this};
    bool is_collected = true;
    for (Effect& effect : effects_.take()) {
        if (run_task(TaskThread::core, [&] { std::visit(runner, effect); })) continue;
        if (auto* look_up = std::get_if<LookUp>(&effect)) resolve({&look_up->key, 1}, {});
        if (auto* write = std::get_if<WriteRoom>(&effect)) write->done(false);
        is_collected &= !std::holds_alternative<Append>(effect);
    }
    if (!run_task(TaskThread::core, [&] { look_up(runner.keys); })) resolve(runner.keys, {});
    if (!is_collected || !run_task(TaskThread::core, [&] { append(std::move(runner.events)); })) abandon_batch(batch);
    for (WriteRoom& write : runner.writes) put(std::move(write));
    // What was refused here is carried out by the next batch.
    if (!effects_.list().empty()) run_task(TaskThread::core, [this] { wake_up(); });
    update_counts();  // before `flush`: a client that sees an effect finds it in the counters
    for (IoPort* port : ports_.io_threads) port->flush();
    if (is_draining_ && store_.in_flight() == 0 && idle_) std::exchange(idle_, nullptr)();
}

/// An exception has kept the events of the batch from the store: refuses them.
void Core::abandon_batch(std::uint64_t batch) {
    directory_.for_each([&](Room& room) {
        if (room.stored_by() == batch) run_task(TaskThread::core, [&] { room.fail(true, effects_); });
    });
}

void Core::put(WriteRoom write) {
    auto done = std::make_shared<std::move_only_function<void(bool)>>(std::move(write.done));
    const bool is_asked = run_task(TaskThread::core, [&] {
        StoreBatch batch;
        batch.push_back(std::move(write.write));
        store_.append(std::move(batch),
                      [done](const BatchOutcome& outcome) { (*done)(outcome == CommitOutcome::committed); });
    });
    if (!is_asked) (*done)(false);
}

void Core::append(std::vector<Event> events) {
    if (events.empty()) return;
    // Groups the events by room, in the order of their seq.
    std::ranges::sort(events, {}, [](const Event& event) { return std::pair(event.room, event.seq); });
    StoreBatch batch;
    std::vector<RoomId> rooms;
    for (Event& event : events) {
        assert(is_durable(event.kind) && event.seq != 0);
        if (rooms.empty() || rooms.back() != event.room) {
            rooms.push_back(event.room);
            // The first PutRoom of Public Chat may have failed; without it, the store refuses every event of the room.
            if (event.room == kPublicChatId && !has_public_chat_)
                batch.push_back(PutRoom{directory_.find(kPublicChatId)->record()});
        }
        batch.push_back(AppendEvent{std::move(event)});
    }
    store_.append(std::move(batch), [this, rooms = std::move(rooms)](const BatchOutcome& outcome) {
        for (const RoomId id : rooms) {
            if (run_task(TaskThread::core, [&] { on_appended(id, outcome); })) continue;
            if (Room* room = directory_.find(id)) room->reread(effects_);
        }
    });
}

void Core::on_appended(RoomId id, const BatchOutcome& outcome) {
    Room* room = directory_.find(id);
    if (room == nullptr) return;
    const CommitOutcome of_room = outcome.of(id);
    if (of_room == CommitOutcome::committed) {
        has_public_chat_ |= id == kPublicChatId;
        room->commit(effects_);
    } else if (const std::uint64_t repeated_seq = outcome.repeated_seq(id); repeated_seq != 0) {
        room->commit_before(repeated_seq, effects_);
    } else {
        return room->fail(of_room == CommitOutcome::failed, effects_);
    }
    purger_.on_stored(*room);
}

/// Asks the store which of these ids are stored.
void Core::look_up(std::vector<SendKey>& asked) {
    if (asked.empty()) return;
    const auto keys = std::make_shared<const std::vector<SendKey>>(std::move(asked));
    const bool is_asked = run_task(TaskThread::core, [&] {
        store_.find_sends(*keys, [this, keys](const SendLookup& lookup) {
            assert(!lookup.ok || lookup.found.size() == keys->size());
            resolve(*keys, lookup.ok ? std::span(lookup.found) : std::span<const std::optional<Event>>());
        });
    });
    if (!is_asked) resolve(*keys, {});
}

/// `found`: as for `Room::resolve`.
void Core::resolve(std::span<const SendKey> keys, std::span<const std::optional<Event>> found) {
    // One call for each run of keys of the same room.
    for (std::size_t begin = 0, end = 0; begin < keys.size(); begin = end) {
        while (end < keys.size() && keys[end].room == keys[begin].room) ++end;
        Room* room = directory_.find(keys[begin].room);
        if (room == nullptr) continue;
        const bool is_done = run_task(TaskThread::core, [&] {
            room->resolve(keys.subspan(begin, end - begin), found.empty() ? found : found.subspan(begin, end - begin),
                          effects_);
        });
        if (!is_done) room->abandon(effects_);
    }
}

void Core::recover(RoomId id) {
    const Room* room = directory_.find(id);
    // The answer to an earlier read may have arrived since the effect was added.
    if (room == nullptr || !room->is_recovering() || !recovering_.insert(id).second) return;
    const EventQuery query{.room = id, .after = room->last_seq(), .limit = kRecoverEvents};
    // After a failed read, the room's next event requests another one.
    const bool is_asked = run_task(TaskThread::core, [&] {
        store_.read_events(query, [this, id](const EventPage& page) {
            recovering_.erase(id);
            Room* found = directory_.find(id);
            if (found == nullptr || !page.ok) return;
            found->recover(page.events, effects_);
            purger_.on_stored(*found);
        });
    });
    if (!is_asked) recovering_.erase(id);
}

/// Has another batch run soon.
void Core::wake_up() {
    TaskBatch nothing;
    nothing.add([] {});
    ports_.post(std::move(nothing));
}

void Core::update_counts() {
    counts_.rooms.set(directory_.size());
    counts_.rooms_refused.set(admin_.refused_as_full());
    counts_.members.set(shared_.members);
    counts_.in_flight.set(store_.in_flight() + history_.reads_in_flight());
    counts_.sends_stored.set(shared_.sends_stored);
    counts_.replay_reads.set(history_.reads());
}

void Core::drain(Task idle) {
    GLOBES_ASSERT_ON(thread_);
    is_draining_ = true;
    idle_ = std::move(idle);
    admin_.stop();
    purger_.stop();
}

}  // namespace globes::chat
