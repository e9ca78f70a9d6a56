#include "net/address_limits.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <string>
#include <thread>
#include <vector>

namespace globes::net {
namespace {

using namespace std::chrono_literals;
using enum AddressLimit;

class AddressLimitsTest : public testing::Test {
protected:
    AddressLimitsTest() {
        settings.rate(rooms) = {3, 60s};
        settings.open_connections = 2;
    }
    ClientAddress find(const std::string& address) {
        if (!limits) limits.emplace(settings);
        return limits->find(*IpAddress::parse(address), now);
    }
    /// How many of `tries` pass.
    int passing(const ClientAddress& client, int tries) {
        int passed = 0;
        for (int i = 0; i < tries; ++i) passed += client.take(rooms, now) ? 0 : 1;
        return passed;
    }
    AddressLimits::Reservation reserve(const char* address, std::size_t bytes) {
        const ClientAddress client = find(address);
        return limits->reserve_output(client, bytes);
    }
    std::uint64_t refused(AddressLimit limit) { return limits->counts().refused[static_cast<std::size_t>(limit)]; }

    AddressLimitSettings settings;
    std::optional<AddressLimits> limits;
    AddressUse::TimePoint now{1h};
};

TEST_F(AddressLimitsTest, AnAddressUsesItsLimitAtOnceOrSpreadOverThePeriod) {
    const ClientAddress client = find("192.0.2.1");
    EXPECT_EQ(passing(client, 5), 3);
    EXPECT_EQ(client.take(rooms, now), 20s);
    now += 20s;
    EXPECT_EQ(passing(client, 5), 1);
    now += 59s;
    EXPECT_EQ(passing(client, 5), 2);
    now += 1h;
    EXPECT_EQ(passing(client, 5), 3);
    EXPECT_EQ(refused(rooms), 12u);
}

TEST_F(AddressLimitsTest, AUnitThatIsGivenBackMayBeTakenAgainInTheWiderRangeToo) {
    const ClientAddress client = find("2001:db8::1");
    EXPECT_EQ(passing(client, 5), 3);
    client.give_back(rooms);
    EXPECT_EQ(passing(client, 5), 1);
    for (int subscriber = 1; subscriber <= 7; ++subscriber)
        EXPECT_EQ(passing(find("2001:db8:0:" + std::to_string(subscriber) + "::1"), 5), 3);
    EXPECT_EQ(passing(find("2001:db8:0:8::1"), 5), 0);
    client.give_back(rooms);
    EXPECT_EQ(passing(find("2001:db8:0:9::1"), 5), 1);
}

TEST_F(AddressLimitsTest, ARateMayAllowAPartOfItAtOnce) {
    settings.rate(rooms) = {60, 60s, 6s};
    const ClientAddress client = find("192.0.2.1");
    EXPECT_EQ(passing(client, 20), 6);
    now += 2s;
    EXPECT_EQ(passing(client, 20), 2);
    now += 60s;
    EXPECT_EQ(passing(client, 20), 6);
}

TEST_F(AddressLimitsTest, OneUnitIsAvailableAtOnceHoweverSlowTheRateIs) {
    settings.rate(rooms) = {2, 60s, 6s};
    const ClientAddress client = find("192.0.2.1");
    EXPECT_EQ(passing(client, 5), 1);
    now += 30s;
    EXPECT_EQ(passing(client, 5), 1);
}

TEST_F(AddressLimitsTest, ConnectionsOfOneAddressShareItsUse) {
    EXPECT_EQ(passing(find("192.0.2.1"), 2), 2);
    EXPECT_EQ(passing(find("192.0.2.1"), 2), 1);
    EXPECT_EQ(passing(find("::ffff:192.0.2.1"), 2), 0);
    EXPECT_EQ(passing(find("192.0.2.2"), 5), 3);
}

TEST_F(AddressLimitsTest, OtherLimitsAreNotTouched) {
    const ClientAddress client = find("192.0.2.1");
    EXPECT_EQ(passing(client, 5), 3);
    for (int i = 0; i < 1000; ++i) EXPECT_FALSE(client.take(joins, now)) << "0 means unlimited";
}

TEST_F(AddressLimitsTest, SeveralUnitsAreTakenTogether) {
    settings.rate(stored_bytes) = {1000, 1h};
    const ClientAddress client = find("192.0.2.1");
    EXPECT_FALSE(client.take(stored_bytes, now, 600));
    EXPECT_TRUE(client.take(stored_bytes, now, 600));
    EXPECT_FALSE(client.take(stored_bytes, now, 400));
    now += 1h;
    EXPECT_FALSE(client.take(stored_bytes, now, 5000)) << "more than the limit counts as all of it";
    EXPECT_TRUE(client.take(stored_bytes, now, 1));
}

TEST_F(AddressLimitsTest, AnIpv6AddressCountsWithItsSubnet) {
    EXPECT_EQ(passing(find("2001:db8::1"), 5), 3);
    EXPECT_EQ(passing(find("2001:db8::ffff:1"), 5), 0);
    EXPECT_EQ(passing(find("2001:db8:0:1::1"), 5), 3);
    EXPECT_EQ(find("2001:db8::1").range().text(), "2001:db8::/64");
    EXPECT_EQ(find("2001:db8::1").network().text(), "2001:db8::/48");
    EXPECT_EQ(find("2001:db8::1").text(), "2001:db8::1");
}

TEST_F(AddressLimitsTest, AWideIpv6NetworkHasEightTimesTheLimit) {
    int passed = 0;
    for (int subnet = 0; subnet < 100; ++subnet)
        passed += passing(find("2001:db8:5:" + std::to_string(subnet) + "::1"), 3);
    EXPECT_EQ(passed, 8 * 3);
    EXPECT_EQ(passing(find("2001:db8:6::1"), 5), 3);
}

TEST_F(AddressLimitsTest, RefusedRequestsDoNotCountForTheNeighborsOfASubnet) {
    passing(find("2001:db8:5::1"), 1000);
    EXPECT_EQ(passing(find("2001:db8:5:1::1"), 5), 3);
}

TEST_F(AddressLimitsTest, OpenConnectionsCountUntilTheyEnd) {
    const ClientAddress client = find("192.0.2.1");
    auto first = limits->open_connection(client);
    auto second = limits->open_connection(client);
    EXPECT_TRUE(first && second);
    EXPECT_FALSE(limits->open_connection(client));
    EXPECT_TRUE(limits->open_connection(find("192.0.2.2")));
    AddressConnection moved = std::move(*first);
    first.reset();
    EXPECT_FALSE(limits->open_connection(client));
    moved = AddressConnection();
    EXPECT_TRUE(limits->open_connection(client));
    EXPECT_EQ(limits->counts().open_connections_refused, 2u);
}

TEST_F(AddressLimitsTest, ConnectionsThatAreTurnedAwayCountToo) {
    settings.turned_away = 3;
    const ClientAddress client = find("192.0.2.1");
    std::vector<AddressConnection> held;
    for (int i = 0; i < 3; ++i) {
        auto connection = limits->turn_away(client);
        ASSERT_TRUE(connection);
        held.push_back(*std::move(connection));
    }
    EXPECT_FALSE(limits->turn_away(client));
    EXPECT_TRUE(limits->open_connection(client)) << "they are not open connections of the address";
    EXPECT_TRUE(limits->turn_away(find("192.0.2.2")));
    held.pop_back();
    EXPECT_TRUE(limits->turn_away(client));
}

TEST_F(AddressLimitsTest, AFewAddressesLeaveOthersAShareOfTheUnreadOutput) {
    settings.unread_bytes = 8'000;
    settings.unread_in_all = 64'000;
    settings.unread_reserve = 0;
    std::size_t held = 0;
    for (int i = 1; i <= 10; ++i) {
        const ClientAddress client = find("192.0.2." + std::to_string(i));
        while (limits->reserve_output(client, 100) == AddressLimits::Reservation::done) held += 100;
    }
    EXPECT_GE(held, 48'000u);
    EXPECT_EQ(limits->reserve_output(find("198.51.100.1"), 1'000), AddressLimits::Reservation::done);
    EXPECT_EQ(limits->reserve_output(find("192.0.2.1"), 100), AddressLimits::Reservation::of_address);
    EXPECT_EQ(limits->reserve_output(find("192.0.2.10"), 1'000), AddressLimits::Reservation::of_everyone);
}

TEST_F(AddressLimitsTest, AnAddressWithoutUnreadOutputHasOneResponseOfTheReserve) {
    using enum AddressLimits::Reservation;
    settings.exempt = {*IpRange::parse("127.0.0.1")};
    settings.unread_bytes = 8'000;
    settings.unread_in_all = 10'000;
    settings.unread_reserve = 20'000;
    EXPECT_EQ(reserve("127.0.0.1", 10'000), done);
    for (const char* address : {"192.0.2.1", "2001:db8:1:1::1"}) {
        EXPECT_EQ(reserve(address, 5'000), done) << address;
        EXPECT_EQ(reserve(address, 100), of_everyone) << address;
    }
    EXPECT_EQ(reserve("2001:db8:1:2::1", 100), of_everyone) << "its range has one";
    EXPECT_EQ(reserve("127.0.0.1", 5'000), done);
    EXPECT_EQ(reserve("192.0.2.2", 5'000), done);
    EXPECT_EQ(reserve("192.0.2.3", 100), of_everyone) << "the reserve is used up";
    limits->release_output(find("192.0.2.1"), 5'000);
    EXPECT_EQ(reserve("192.0.2.3", 5'000), done);
}

TEST_F(AddressLimitsTest, AWideIpv6NetworkHasAShareOfTheUnreadOutput) {
    settings.unread_bytes = 8'000;
    settings.unread_in_all = 64'000;
    std::size_t held = 0;
    for (int subnet = 0; subnet < 20; ++subnet) {
        const ClientAddress client = find("2001:db8:5:" + std::to_string(subnet) + "::1");
        while (limits->reserve_output(client, 100) == AddressLimits::Reservation::done) held += 100;
    }
    EXPECT_LE(held, 16'000u);
    for (int i = 0; i < 80; ++i)
        EXPECT_EQ(limits->reserve_output(find("192.0.2.1"), 100), AddressLimits::Reservation::done);
}

TEST_F(AddressLimitsTest, AnExemptAddressHasNoLimits) {
    settings.exempt = {*IpRange::parse("127.0.0.0/8"), *IpRange::parse("::1")};
    settings.unread_bytes = 10;
    for (const char* address : {"127.0.0.1", "127.1.2.3", "::1"}) {
        const ClientAddress client = find(address);
        EXPECT_EQ(passing(client, 100), 100);
        std::vector<std::optional<AddressConnection>> open;
        for (int i = 0; i < 10; ++i) EXPECT_TRUE(open.emplace_back(limits->open_connection(client)));
        EXPECT_EQ(limits->reserve_output(client, 1000), AddressLimits::Reservation::done);
    }
    EXPECT_EQ(passing(find("::2"), 100), 3);
}

TEST_F(AddressLimitsTest, SeveralThreadsTakeNoMoreThanTheLimit) {
    settings.rate(events) = {1000, 1h};
    const ClientAddress client = find("2001:db8::1");
    std::atomic<int> passed = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i)
        threads.emplace_back([&] {
            for (int n = 0; n < 1000; ++n) passed += client.take(events, now) ? 0 : 1;
        });
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(passed, 1000);
}

TEST_F(AddressLimitsTest, ForgetsAddressesOnlyWhenTheyHaveTheirFullLimitsAgain) {
    settings.entries = 64;
    EXPECT_EQ(passing(find("192.0.2.1"), 5), 3);
    for (int i = 0; i < 30; ++i) find("198.51.100." + std::to_string(i));
    EXPECT_EQ(passing(find("192.0.2.1"), 5), 0);
    now += 1h;
    for (int i = 0; i < 30; ++i) find("198.51.100." + std::to_string(i));
    EXPECT_EQ(passing(find("192.0.2.1"), 5), 3);
}

TEST_F(AddressLimitsTest, AFullTableForgetsAddressesWithoutAConnection) {
    settings.entries = 64;
    const ClientAddress held = find("192.0.2.1");
    passing(held, 5);
    for (int i = 0; i < 1000; ++i)
        passing(find("198.51." + std::to_string(i / 200) + '.' + std::to_string(i % 200)), 1);
    EXPECT_EQ(passing(find("192.0.2.1"), 5), 0) << "it is held";
    EXPECT_LE(limits->size(), 64U + 64U / 8 + 1);
}

TEST(ClientAddress, WithoutATableHasNoLimits) {
    const ClientAddress client(*IpAddress::parse("192.0.2.1"));
    for (int i = 0; i < 1000; ++i) EXPECT_FALSE(client.take(rooms, {}));
    EXPECT_EQ(client.range().text(), "192.0.2.1");
}

}  // namespace
}  // namespace globes::net
