#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "bench/client_messages.h"
#include "bench/traffic.h"

using globes::bench::Pace;
using namespace globes::bench;

TEST(Pace, NothingIsDueBeforeItsTime) {
    Pace pace(1000, 1e6);  // Every 1000 ns.
    EXPECT_FALSE(pace.take(999));
    EXPECT_EQ(pace.take(1000), 1000);
    EXPECT_FALSE(pace.take(1999));
    EXPECT_EQ(pace.next_ns(), 2000);
}

TEST(Pace, ALateCallerCatchesUpWithTheIntendedTimes) {
    Pace pace(0, 1e6);
    EXPECT_EQ(pace.take(3500), 0);
    EXPECT_EQ(pace.take(3500), 1000);
    EXPECT_EQ(pace.take(3500), 2000);
    EXPECT_EQ(pace.take(3500), 3000);
    EXPECT_FALSE(pace.take(3500));
}

TEST(Pace, RoundingDoesNotAddUp) {
    Pace pace(0, 3);
    for (int i = 0; i < 3'000'000; ++i) pace.take(Pace::kNever);
    EXPECT_EQ(pace.next_ns(), 1'000'000'000'000'000);
}

TEST(Pace, WithoutARateIsNeverDue) {
    Pace pace;
    EXPECT_FALSE(pace.take(Pace::kNever - 1));
    EXPECT_EQ(pace.next_ns(), Pace::kNever);
}

namespace {

/// The event that a server makes of a message.
std::string delivered(std::uint32_t sender, std::uint32_t n, std::int64_t sent_ns) {
    std::string mark(kMarkBytes, '\0');
    write_mark(mark.data(), {sender, n, sent_ns});
    return R"({"event_type":"send","name":"bench","room_id":2,"msg":")" + mark + R"("})";
}

/// Two rooms with one sender each, and two members in the second room.
class TrafficTest : public testing::Test {
protected:
    TrafficTest() {
        for (Participant& participant : participants_) participant.room = 1;
        traffic_.make_sender(participants_[0], 0);
        state_.window_start_ns = 1000;
        state_.window_end_ns = 2000;
    }

    void send_at(std::int64_t time_ns) {
        std::string out;
        traffic_.compose(participants_[0], time_ns, out);
    }
    void everyone_receives(const std::string& text, std::int64_t time_ns) {
        for (Participant& participant : participants_) traffic_.on_text(participant, text, time_ns);
    }
    const Findings& finish() {
        traffic_.finish({&participants_[0], &participants_[1]});
        return traffic_.findings();
    }

    static Options options() {
        Options options;
        options.rooms = 2;
        options.members = 2;
        return options;
    }

    static constexpr std::uint32_t kSender = 1;  // The only sender of room 1.
    Options options_ = options();
    RunState state_{options_, {"/0", "/1"}};
    Counters counters_;
    Traffic traffic_{state_, counters_, {2, 2}};
    std::vector<Participant> participants_ = std::vector<Participant>(2);
};

}  // namespace

TEST_F(TrafficTest, ADeliveryIsMeasuredFromItsSending) {
    send_at(1100);
    everyone_receives(delivered(kSender, 1, 1100), 1150);
    const Findings& found = finish();
    EXPECT_EQ(found.latency_ns.count(), 2u);
    EXPECT_EQ(found.latency_ns.max(), 50u);
    EXPECT_EQ(counters_.window_deliveries.value(), 2u);
    EXPECT_EQ(counters_.window_published.value(), 1u);
}

TEST_F(TrafficTest, OnlyTheWindowIsMeasured) {
    send_at(900);
    everyone_receives(delivered(kSender, 1, 900), 950);
    send_at(1990);
    everyone_receives(delivered(kSender, 2, 1990), 2500);
    EXPECT_EQ(counters_.deliveries.value(), 4u);
    EXPECT_EQ(counters_.window_deliveries.value(), 0u);
    const Findings& found = finish();
    // Sent within the window: its latency counts although it arrived later, because otherwise the slowest would be
    // ignored.
    EXPECT_EQ(found.latency_ns.max(), 510u);
    EXPECT_EQ(found.latency_ns.count(), 2u);
}

TEST_F(TrafficTest, OnlyTheSendersOwnCopyEndsTheFlight) {
    send_at(1000);
    traffic_.on_text(participants_[1], delivered(kSender, 1, 1000), 1100);
    EXPECT_EQ(participants_[0].sender->in_flight, 1u);
    traffic_.on_text(participants_[0], delivered(kSender, 1, 1000), 1100);
    EXPECT_EQ(participants_[0].sender->in_flight, 0u);
}

TEST_F(TrafficTest, AMessageThatNeverArrivedIsMissingForEachMember) {
    send_at(1000);
    send_at(1001);
    everyone_receives(delivered(kSender, 1, 1000), 1100);
    EXPECT_EQ(finish().missing, 2u);
}

TEST_F(TrafficTest, ARefusedMessageIsNotMissingAndLeavesTheWindow) {
    send_at(1000);
    traffic_.on_text(participants_[0],
                     R"({"event_type":"error","room_id":2,"error":{"code":503,"error":"Too many requests"}})", 1100);
    EXPECT_EQ(participants_[0].sender->in_flight, 0u);
    const Findings& found = finish();
    EXPECT_EQ(found.missing, 0u);
    EXPECT_EQ(found.errors.at(503), 1u);
}

TEST_F(TrafficTest, AnotherRoomsMessageIsForeign) {
    everyone_receives(delivered(0, 1, 1000), 1100);
    everyone_receives(delivered(2, 1, 1000), 1100);
    everyone_receives(delivered(kSender, 0, 1000), 1100);
    EXPECT_EQ(finish().foreign, 6u);
    EXPECT_EQ(counters_.deliveries.value(), 0u);
}

TEST_F(TrafficTest, ARepeatIsNeitherMeasuredNorMistakenForAnotherMessage) {
    send_at(1000);
    send_at(1001);
    for (int i = 0; i < 2; ++i) everyone_receives(delivered(kSender, 1, 1000), 1100);
    EXPECT_EQ(participants_[0].sender->in_flight, 1u);
    const Findings& found = finish();
    EXPECT_EQ(found.doubled, 2u);
    EXPECT_EQ(found.latency_ns.count(), 2u);
}
