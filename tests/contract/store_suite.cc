#include "contract/store_suite.h"

#include <fmt/format.h>
#include <stdlib.h>
#include <unistd.h>

#include <future>
#include <utility>

namespace globes::chat {

ScratchFolder::ScratchFolder() {
    // In memory if the machine has such a folder: thousands of fsyncs would take minutes. These tests are about crashes
    // of the process, after which the files are the same there.
    const bool has_memory = ::access("/dev/shm", W_OK) == 0;
    const std::filesystem::path parent = has_memory ? "/dev/shm" : std::filesystem::temp_directory_path();
    std::string name = (parent / "globes-store-XXXXXX").string();
    path_ = mkdtemp(name.data());
}

ScratchFolder::~ScratchFolder() { std::filesystem::remove_all(path_); }

RoomRecord sample_room(RoomId id) {
    return {.id = id,
            .title = fmt::format("Room {}", id),
            .description = "There are many like it",
            .visibility = Visibility::private_room,
            .password_hash = "$2b$10$abcdefghijklmnopqrstuvABCDEFGHIJKLMNOPQRSTUVWXYZ01234",
            .owned = true,
            .token_epoch = 3,
            .owner_epoch = 2,
            .salt = fmt::format("{:032x}", id),
            .old_keys_until = 1'607'030'635'421'318,
            .retention_s = 86'400,
            .max_events = 5000,
            .created_at = 1'607'030'634'421'318,
            .updated_at = 1'607'030'634'421'319};
}

Event sample_event(RoomId room, std::uint64_t seq, std::string text) {
    return {.kind = EventKind::send,
            .room = room,
            .seq = seq,
            .name = "david",
            .color = "red",
            .text = std::move(text),
            .client_id = fmt::format("c{}", seq),
            .time = 1'607'030'634'421'318 + static_cast<UnixMicros>(seq)};
}

StoreBatch appends(RoomId room, std::uint64_t first, std::uint64_t last) {
    StoreBatch batch;
    for (std::uint64_t seq = first; seq <= last; ++seq) batch.push_back(AppendEvent{sample_event(room, seq)});
    return batch;
}

CommitOutcome commit(Store& store, StoreBatch batch) {
    std::promise<CommitOutcome> outcome;
    store.append(std::move(batch), [&](CommitOutcome answer) { outcome.set_value(answer); });
    return outcome.get_future().get();
}

EventPage read(Store& store, EventQuery query) {
    std::promise<EventPage> page;
    store.read_events(query, [&](EventPage answer) { page.set_value(std::move(answer)); });
    return page.get_future().get();
}

SendLookup find_sends(Store& store, std::vector<SendKey> keys) {
    std::promise<SendLookup> lookup;
    store.find_sends(std::move(keys), [&](SendLookup answer) { lookup.set_value(std::move(answer)); });
    return lookup.get_future().get();
}

bool ping(Store& store) {
    std::promise<bool> reached;
    store.ping([&](bool answer) { reached.set_value(answer); });
    return reached.get_future().get();
}

std::vector<Event> events_in(Store& store, RoomId room) {
    EventPage page = read(store, {.room = room, .limit = 1'000'000});
    EXPECT_TRUE(page.ok);
    return std::move(page.events);
}

std::vector<std::uint64_t> seqs_in(Store& store, RoomId room) {
    return seqs_of({.ok = true, .events = events_in(store, room)});
}

std::vector<std::uint64_t> seqs_of(const EventPage& page) {
    std::vector<std::uint64_t> seqs;
    for (const Event& event : page.events) seqs.push_back(event.seq);
    return seqs;
}

std::vector<std::uint64_t> sent_seqs(Store& store, const std::vector<SendKey>& keys) {
    const SendLookup lookup = find_sends(store, keys);
    EXPECT_TRUE(lookup.ok);
    std::vector<std::uint64_t> seqs;
    for (const std::optional<Event>& event : lookup.found) seqs.push_back(event ? event->seq : 0);
    return seqs;
}

std::vector<std::string> order_of_pages(Store& store) {
    const std::vector<std::pair<std::string, EventQuery>> asked = {
        {"ann, room 1", {.room = 1, .asker = {7, 7}}},
        {"ann, room 1", {.room = 1, .asker = {7, 7}}},
        {"ann, room 1", {.room = 1, .asker = {7, 7}}},
        {"ann, room 2", {.room = 2, .asker = {7, 7}}},
        {"bob, room 1", {.room = 1, .asker = {8, 8}}},
        {"bob, room 1", {.room = 1, .asker = {8, 8}}},
        {"server", {.room = 1}},
    };
    std::vector<std::string> order;
    std::latch blocked(1);
    std::latch go_on(1);
    std::latch answered(static_cast<std::ptrdiff_t>(asked.size()));
    store.read_events({.room = 1}, [&](const EventPage&) {
        blocked.count_down();
        go_on.wait();
    });
    blocked.wait();
    for (const auto& [name, query] : asked) {
        store.read_events(query, [&](const EventPage&) {
            order.push_back(name);
            answered.count_down();
        });
    }
    go_on.count_down();
    answered.wait();
    return order;
}

HeldWriter::HeldWriter(Store& store) {
    store.append({}, [this](CommitOutcome) {
        running_.count_down();
        go_on_.wait();
        done_.count_down();
    });
    running_.wait();
}

void HeldWriter::let_go() {
    if (!std::exchange(held_, false)) return;
    go_on_.count_down();
    done_.wait();
}

void StoreSuite::SetUp() {
    if (store_ == nullptr) GTEST_SKIP() << "the server that this store needs is not installed";
}

void StoreSuite::open(StoreLimits limits) {
    store_.reset();
    store_ = GetParam().open(folder_.path(), limits);
}

void StoreSuite::reopen() {
    if (!GetParam().is_persistent) GTEST_SKIP() << "not a persistent store";
    store_->stop();
    open({});
}

}  // namespace globes::chat
