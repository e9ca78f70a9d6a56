#include "chat/event_queue.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <optional>
#include <utility>

namespace globes::chat {
namespace {

class EventQueueTest : public testing::Test {
protected:
    static SendKey key(int number) {
        return {.room = 1, .folded_name = "ann", .client_id = fmt::format("c{}", number)};
    }
    QueuedEvent* find_or_claim(int number) { return queue.find_or_claim(key(number), id_text(key(number))); }
    void push(int number) {
        QueuedEvent event;
        event.event.name = "ann";
        event.key = key(number);
        event.event.client_id = event.key.client_id;
        event.stage = QueuedEvent::Stage::ready;
        queue.push(std::move(event));
    }
    void send(int number) {
        ASSERT_EQ(find_or_claim(number), nullptr);
        push(number);
    }
    /// The number of the queued send with this id; also claims it.
    std::optional<int> found(int number) {
        const QueuedEvent* event = find_or_claim(number);
        if (event == nullptr) return std::nullopt;
        return std::stoi(event->key.client_id.substr(1));
    }

    EventQueue queue;
};

TEST_F(EventQueueTest, FindsEachQueuedSendWhereverItStands) {
    for (int number = 0; number < 20; ++number) {
        send(number);
        queue.push({.event = {.kind = EventKind::join}});
    }
    for (int number = 0; number < 20; ++number) EXPECT_EQ(found(number), number);
}

TEST_F(EventQueueTest, FindsSendsAfterEarlierOnesHaveLeft) {
    for (int number = 0; number < 20; ++number) send(number);
    for (int count = 0; count < 5; ++count) queue.pop();
    queue.remove_if([](const QueuedEvent& event) { return event.key.client_id.ends_with('2'); });
    for (int number = 20; number < 40; ++number) send(number);
    for (int number = 5; number < 40; ++number) {
        if (number == 12) continue;
        EXPECT_EQ(found(number), number);
    }
    send(12);
    send(3);
    EXPECT_EQ(found(12), 12);
    EXPECT_EQ(found(3), 3);
}

TEST_F(EventQueueTest, AClaimThatWasNotUsedIsNotMistakenForAnotherSend) {
    send(1);
    EXPECT_EQ(find_or_claim(2), nullptr) << "and then an exception kept the send away";
    send(3);
    EXPECT_EQ(found(3), 3);
    send(2);
    EXPECT_EQ(found(2), 2);
    EXPECT_EQ(found(1), 1);
}

}  // namespace
}  // namespace globes::chat
