// Rooms and events of the original system's database, in every form of its dumps.
#include "maintenance/original_format.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <random>

#include "base/text.h"
#include "chat/event.h"
#include "chat/room_rules.h"

namespace globes::maintenance {
namespace {

using namespace std::string_literals;
using chat::RoomRecord;
using chat::Visibility;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::string_view kHash = "$2a$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy";
constexpr UnixMicros kTime = 1'607'059'434'421'000;  // 2020-12-04T05:23:54.421Z

std::string repeat(std::string_view text, std::size_t count) {
    std::string all;
    for (std::size_t i = 0; i < count; ++i) all += text;
    return all;
}

OriginalEntry entry(std::string_view json) {
    try {
        return read_original_entry(json);
    } catch (const OriginalFault& fault) {
        ADD_FAILURE() << json << ": " << fault.what();
        return {};
    }
}

std::string fault_of(std::string_view json) {
    try {
        read_original_entry(json);
        return "";
    } catch (const OriginalFault& fault) {
        return fault.what();
    }
}

/// `fields` are JSON members; a title, an id and a type are added before them.
std::string room_json(std::string_view fields = {}) {
    return fmt::format(R"({{"id":7,"title":"My chat room","type":"public"{}{}}})", fields.empty() ? "" : ",", fields);
}
RoomRecord room(const std::string& json) {
    OriginalEntry read = entry(json);
    auto* found = std::get_if<OriginalRoom>(&read.content);
    EXPECT_NE(found, nullptr) << json;
    return found == nullptr ? RoomRecord{} : found->record;
}

std::string message_json(std::string_view fields = {}) {
    return fmt::format(R"({{"eventtype":"send","user":"david","roomid":7,"msg":"hello"{}{}}})",
                       fields.empty() ? "" : ",", fields);
}
OriginalMessage message(const std::string& json) {
    OriginalEntry read = entry(json);
    auto* found = std::get_if<OriginalMessage>(&read.content);
    EXPECT_NE(found, nullptr) << json;
    return found == nullptr ? OriginalMessage{} : *found;
}
UnixMicros time_of_message(std::string_view timestamp) {
    return message(message_json(fmt::format(R"("timestamp":{})", timestamp))).event.time;
}

TEST(OriginalRoom, IsReadInEveryFormOfExtendedJson) {
    const RoomRecord expected{.id = 7,
                              .title = "My chat room",
                              .description = "Ours",
                              .visibility = Visibility::private_room,
                              .password_hash = std::string(kHash),
                              .created_at = kTime,
                              .updated_at = kTime + 1'000'000};
    const std::string_view forms[] = {
        // canonical, relaxed, version 1, plain
        R"("id":{{"$numberInt":"7"}},"created_at":{{"$date":{{"$numberLong":"1607059434421"}}}},"updated_at":{{"$date":{{"$numberLong":"1607059435421"}}}})",
        R"("id":7,"created_at":{{"$date":"2020-12-04T05:23:54.421Z"}},"updated_at":{{"$date":"2020-12-04T05:23:55.421Z"}})",
        R"("id":{{"$numberLong":"7"}},"createdAt":{{"$date":"2020-12-03T21:23:54.421-0800"}},"updatedAt":{{"$date":1607059435421}})",
        R"("ID":7.0,"CreatedAt":"2020-12-03T21:23:54.4210000-08:00","UpdatedAt":1607059435421)",
        R"("id":"7","createdat":1607059434.421,"updatedat":"1607059435421")",
    };
    for (const std::string_view form : forms) {
        const std::string json = fmt::format(
            R"({{"_id":{{"$oid":"5fc9b5aa0000000000000001"}},{},"title":"My chat room","description":"Ours","visibility":"Private","password":"{}","users":[{{"name":"x"}}]}})",
            fmt::format(fmt::runtime(form)), kHash);
        EXPECT_EQ(room(json), expected) << json;
        EXPECT_THAT(entry(json).notes, IsEmpty());
    }
}

TEST(OriginalRoom, TheDatabaseIdIsUsedIfItIsANumber) {
    EXPECT_EQ(room(R"({"_id":9,"title":"Nine","type":"public"})").id, 9u);
    EXPECT_EQ(room(R"({"_id":{"$numberLong":"9"},"title":"Nine","type":"public"})").id, 9u);
    EXPECT_EQ(room(R"({"_id":9,"id":8,"title":"Eight","type":"public"})").id, 8u);
    EXPECT_EQ(fault_of(R"({"_id":{"$oid":"5fc9b5aa0000000000000001"},"title":"No id","type":"public"})"),
              "id: is missing");
}

TEST(OriginalRoom, AnInvalidIdIsAFault) {
    for (const std::string_view id : {"0", "-1", "1.5", "\"x\"", "{}", "[7]", "true", "9007199254740992", "1e300"})
        EXPECT_THAT(fault_of(fmt::format(R"({{"id":{},"title":"Wrong","type":"public"}})", id)),
                    HasSubstr("id: must be"))
            << id;
}

TEST(OriginalRoom, KeepsAHashInEveryFormOfDumps) {
    // echo -n '$2a$…' | base64
    constexpr std::string_view kBase64 =
        "JDJhJDEwJE45cW84dUxPaWNrZ3gyWk1SWm9NeWVJalpBZ2NmbDdwOTJsZEd4YWQ2OExKWmRMMTdsaFd5";
    const auto hash_of = [](std::string_view key, std::string_view value) {
        return room(fmt::format(R"({{"id":7,"title":"Locked","type":"hidden","{}":{}}})", key, value)).password_hash;
    };
    for (const std::string_view key : {"password", "password_hash", "passwordHash", "hash", "Password"})
        EXPECT_EQ(hash_of(key, fmt::format("\"{}\"", kHash)), kHash);
    EXPECT_EQ(hash_of("password", fmt::format("\"{}\"", kBase64)), kHash);
    EXPECT_EQ(hash_of("password", fmt::format(R"({{"$binary":{{"base64":"{}","subType":"00"}}}})", kBase64)), kHash);
    EXPECT_EQ(hash_of("password", fmt::format(R"({{"$binary":"{}","$type":"00"}})", kBase64)), kHash);
    for (const char* kind : {"$2b$", "$2y$"}) {
        const std::string hash = kind + std::string(kHash.substr(4));
        EXPECT_EQ(hash_of("password", '"' + hash + '"'), hash);
    }
}

TEST(OriginalRoom, ALockedRoomWithoutAUsableHashIsAFaultThatDoesNotShowIt) {
    const auto fault = [](std::string_view password) {
        return fault_of(fmt::format(R"({{"id":7,"title":"Locked","type":"private"{}}})", password));
    };
    EXPECT_EQ(fault(""), "password: is missing: nobody could enter this room");
    EXPECT_EQ(fault(R"(,"password":null)"), "password: is missing: nobody could enter this room");
    EXPECT_EQ(fault(R"(,"password":"")"), "password: is missing: nobody could enter this room");
    for (const std::string_view password :
         {R"("plain secret")", R"("$2a$10$short")", R"("JDJhJDEw")", R"({"$binary":7})", "7"}) {
        const std::string told = fault(fmt::format(R"(,"password":{})", password));
        EXPECT_THAT(told, testing::StartsWith("password: ")) << password;
        EXPECT_THAT(told, testing::Not(HasSubstr("secret")));
        EXPECT_THAT(told, testing::Not(HasSubstr("short")));
    }
}

TEST(OriginalRoom, AHashOfAPublicRoomIsDropped) {
    const std::string json = room_json(fmt::format(R"("password":"{}")", kHash));
    EXPECT_EQ(room(json).password_hash, "");
    EXPECT_THAT(entry(json).notes, ElementsAre(OriginalNote::hash_dropped));
    EXPECT_THAT(entry(room_json(R"("password":"")")).notes, IsEmpty());
}

TEST(OriginalRoom, AnInvalidTypeIsAFault) {
    for (const std::string_view type : {R"("type":"open")", R"("type":"")", R"("other":1)"})
        EXPECT_EQ(fault_of(fmt::format(R"({{"id":7,"title":"My room",{}}})", type)),
                  "type: must be public, private or hidden");
    EXPECT_EQ(fault_of(R"({"id":7,"title":"My room","type":2})"), "type: must be text");
}

TEST(OriginalRoom, InvalidTextsAreCorrected) {
    struct Case {
        std::string title;
        std::string expected;
    };
    const Case cases[] = {{"  My\\nroom\\u0000 ", "My room"},
                          {repeat("x", 71), repeat("x", 70)},
                          {repeat("ü", 80), repeat("ü", 70)},
                          {"12345", "Room 12345"},
                          {"", "Room 7"},
                          {" ", "Room 7"},
                          {"x", "Room x"},
                          {repeat("1", 80), "Room " + repeat("1", 65)},
                          {"\\u0001\\u0002", "Room 7"},
                          {"..", "Room .."}};
    for (const Case& one : cases) {
        const std::string json = fmt::format(R"({{"id":7,"title":"{}","type":"public"}})", one.title);
        EXPECT_EQ(room(json).title, one.expected) << one.title;
        EXPECT_TRUE(chat::is_valid_title(one.expected)) << one.expected;
        EXPECT_THAT(entry(json).notes, ElementsAre(OriginalNote::title_changed)) << one.title;
    }
    const std::string json = room_json(fmt::format(R"("description":"{}\nx")", repeat("y", 80)));
    EXPECT_EQ(room(json).description, repeat("y", 70));
    EXPECT_THAT(entry(json).notes, ElementsAre(OriginalNote::description_changed));
}

TEST(OriginalRoom, TakesItsTimeFromTheDatabaseIdIfItHasNoOther) {
    const RoomRecord dated =
        room(R"({"_id":{"$oid":"5fc9cb2a0000000000000001"},"id":7,"title":"Dated","type":"public"})");
    EXPECT_EQ(format_rfc3339(dated.created_at), "2020-12-04T05:37:46.000000Z");
    EXPECT_EQ(dated.updated_at, 0);
    EXPECT_EQ(room(room_json(R"("created_at":"0001-01-01T00:00:00Z")")).created_at, 0)
        << "the zero time counts as absent";
    EXPECT_EQ(room(room_json(R"("created_at":{"$date":{"$numberLong":"-62135596800000"}})")).created_at, 0);
}

TEST(OriginalMessage, IsReadWithoutItsSecrets) {
    const OriginalMessage read = message(
        R"({"_id":{"$oid":"5FC9CB2A0000000000000001"},"eventtype":"send","user":"david","roomid":{"$numberInt":"7"},)"
        R"("color":"red","msg":"hello","password":"hunter2","verified":true,"timestamp":{"$date":"2020-12-04T05:23:54.421Z"}})");
    EXPECT_EQ(read.id, "5fc9cb2a0000000000000001");
    EXPECT_EQ(read.event, (chat::Event{.room = 7, .name = "david", .color = "red", .text = "hello", .time = kTime}));
}

TEST(OriginalMessage, OnlySendsAreRead) {
    const auto note_of = [](std::string_view json) {
        const OriginalEntry read = entry(json);
        EXPECT_TRUE(std::holds_alternative<std::monostate>(read.content)) << json;
        return read.notes;
    };
    EXPECT_THAT(note_of(R"({"eventtype":"join","user":"a","roomid":7})"), ElementsAre(OriginalNote::join_or_leave));
    EXPECT_THAT(note_of(R"({"event_type":"LEAVE"})"), ElementsAre(OriginalNote::join_or_leave));
    EXPECT_THAT(note_of(R"({"eventtype":"typing","roomid":7})"), ElementsAre(OriginalNote::other_event));
    EXPECT_THAT(note_of(R"({"eventtype":"send","user":"a","roomid":7,"msg":""})"),
                ElementsAre(OriginalNote::empty_message));
    EXPECT_THAT(note_of(R"({"eventtype":"send","user":"a","roomid":7,"msg":null})"),
                ElementsAre(OriginalNote::empty_message));
}

TEST(OriginalMessage, ReadsTimesInEveryForm) {
    for (const std::string_view form :
         {R"({"$date":"2020-12-04T05:23:54.421Z"})", R"({"$date":{"$numberLong":"1607059434421"}})",
          R"({"$date":1607059434421})", R"("2020-12-04T05:23:54.421Z")", R"("2020-12-03T21:23:54.421-08:00")",
          R"("2020-12-04 05:23:54.421")", R"("2020-12-04T06:23:54.421000+01")", "1607059434421", "1607059434.421",
          R"({"$numberLong":"1607059434421"})", R"({"$numberDouble":"1607059434421.0"})", "1607059434421000",
          "1607059434421000000", R"("1607059434421")"})
        EXPECT_EQ(time_of_message(form), kTime) << form;
    EXPECT_EQ(time_of_message("1607059434"), 1'607'059'434'000'000);
    EXPECT_EQ(time_of_message(R"({"$timestamp":{"t":1607059434,"i":1}})"), 1'607'059'434'000'000);
    EXPECT_EQ(time_of_message(R"("2020-12-04T05:23:54.4213184Z")"), kTime + 318) << "truncated to microseconds";
}

TEST(OriginalMessage, AnInvalidTimeCountsAsAbsent) {
    for (const std::string_view form : {"null",
                                        "true",
                                        "{}",
                                        "[]",
                                        R"("")",
                                        R"("yesterday")",
                                        R"("2020-13-04T05:23:54Z")",
                                        R"("2020-02-30T05:23:54Z")",
                                        R"("2020-12-04T25:23:54Z")",
                                        R"("2020-12-04T05:23:54Zx")",
                                        R"("2020-12-04")",
                                        "0",
                                        "-5",
                                        "1e300",
                                        "-1e300",
                                        R"("0001-01-01T00:00:00Z")",
                                        R"({"$date":{"$numberLong":"-62135596800000"}})",
                                        R"({"$date":"x"})",
                                        R"({"$date":9223372036854775807})",
                                        R"({"$date":{}})",
                                        R"({"$timestamp":{"t":9223372036854775807}})",
                                        R"({"$timestamp":7})",
                                        R"("nan")",
                                        R"("inf")",
                                        R"({"$numberDouble":"NaN"})",
                                        R"({"$numberLong":7})"}) {
        const std::string json = message_json(fmt::format(R"("timestamp":{})", form));
        if (form == R"({"$numberLong":7})") {
            EXPECT_EQ(message(json).event.time, 7'000'000) << "a number in place of its text";
            continue;
        }
        EXPECT_EQ(message(json).event.time, 0) << form;
        EXPECT_THAT(entry(json).notes, ElementsAre(OriginalNote::message_time_guessed)) << form;
    }
    const std::string dated = message_json(R"("_id":{"$oid":"5fc9cb2a0000000000000001"})");
    EXPECT_EQ(format_rfc3339(message(dated).event.time), "2020-12-04T05:37:46.000000Z") << "the time in its id is used";
    EXPECT_THAT(entry(dated).notes, ElementsAre(OriginalNote::message_time_guessed));
}

TEST(OriginalMessage, InvalidNamesAndColorsAreCorrected) {
    const auto read = [](std::string_view user, std::string_view color) {
        return fmt::format(R"({{"eventtype":"send","user":{},"roomid":7,"msg":"x","color":{},"timestamp":1607059434}})",
                           user, color);
    };
    EXPECT_EQ(message(read(R"("a\nb")", R"("")")).event.name, "a b");
    EXPECT_EQ(message(read('"' + repeat("🎈", 40) + '"', "null")).event.name, repeat("🎈", 32));
    EXPECT_EQ(message(read(R"("")", "null")).event.name, "unknown");
    EXPECT_EQ(message(read("null", "null")).event.name, "unknown");
    EXPECT_THAT(entry(read(R"("\t")", R"("no color")")).notes,
                ElementsAre(OriginalNote::name_changed, OriginalNote::color_dropped));
    EXPECT_EQ(message(read(R"("a")", R"("no color")")).event.color, "");
    EXPECT_EQ(message(read(R"("a")", R"("#12AbcD")")).event.color, "#12AbcD");
    EXPECT_EQ(fault_of(read("7", "null")), "user: must be text");
}

TEST(OriginalMessage, ALongTextIsSplitIntoPartsWithoutALoss) {
    const std::string text = repeat("日", 4096) + repeat("x", 4096) + "🦄";
    const std::vector<std::string> parts = message_parts(text);
    EXPECT_THAT(parts, ElementsAre(repeat("日", 4096), repeat("x", 4096), "🦄"));
    EXPECT_EQ(count_message_parts(text), 3u);
    EXPECT_THAT(message_parts(repeat("x", 4096)), ElementsAre(repeat("x", 4096)));
    EXPECT_EQ(count_message_parts(repeat("x", 4096)), 1u);
    const std::string json =
        R"({"eventtype":"send","user":"a","roomid":7,"timestamp":1607059434,"msg":")" + repeat("x", 4097) + R"("})";
    EXPECT_THAT(entry(json).notes, ElementsAre(OriginalNote::message_split));
}

TEST(OriginalEntry, AnEntryThatIsNeitherARoomNorAnEventIsAFault) {
    EXPECT_EQ(fault_of(R"({"username":"x","password":"secret"})"),
              "is neither a room (no title) nor an event (no eventtype)");
    EXPECT_EQ(fault_of("{}"), "is neither a room (no title) nor an event (no eventtype)");
    for (const std::string_view json : {R"({"title":})", "{'title':1}", R"({"title":"\ud800"})", "{\"title\":\"\xFF\"}",
                                        R"({"title":NumberLong(1)})", R"({"title":"x"]})", "{\"title\":\"a\nb\"}"})
        EXPECT_EQ(fault_of(json), "is not valid JSON") << json;
    EXPECT_EQ(fault_of(R"({"title":)" + repeat("[", 100'000) + repeat("]", 100'000) + "}"), "is nested too deeply");
}

TEST(OriginalEntry, EveryResultIsValid) {
    const std::string seeds[] = {
        room_json(fmt::format(
            R"("description":"d","password":"{}","created_at":{{"$date":"2020-12-04T05:23:54.421Z"}})", kHash)),
        message_json(
            R"("_id":{"$oid":"5fc9cb2a0000000000000001"},"color":"red","timestamp":{"$date":{"$numberLong":"1"}})")};
    constexpr std::string_view kBytes = "{}[]\",:\\\0\x01\x7F\xC3\xFFu0123456789eE.-+$ntabz";
    std::mt19937 random(20'201'203);
    const auto below = [&random](std::size_t end) { return random() % end; };
    for (int round = 0; round < 20'000; ++round) {
        std::string json = seeds[below(2)];
        for (std::size_t change = 0, changes = 1 + below(6); change < changes && !json.empty(); ++change) {
            const std::size_t at = below(json.size());
            switch (below(4)) {
                case 0:
                    json[at] = kBytes[below(kBytes.size())];
                    break;
                case 1:
                    json.erase(at, 1 + below(8));
                    break;
                case 2:
                    json.insert(at, 1, kBytes[below(kBytes.size())]);
                    break;
                default:
                    json.insert(at, json.substr(below(json.size()), below(30)));
            }
        }
        try {
            const OriginalEntry read = read_original_entry(json);
            if (const auto* found = std::get_if<OriginalRoom>(&read.content)) {
                const RoomRecord& record = found->record;
                EXPECT_TRUE(record.id >= 1 && record.id < chat::kEndOfRoomIds) << json;
                EXPECT_TRUE(is_valid_utf8(record.title) && chat::is_valid_title(record.title)) << json;
                EXPECT_TRUE(chat::is_valid_description(record.description)) << json;
                EXPECT_EQ(record.password_hash.empty(), record.visibility == Visibility::public_room) << json;
            } else if (const auto* sent = std::get_if<OriginalMessage>(&read.content)) {
                EXPECT_TRUE(is_valid_utf8(sent->event.name) && chat::is_storable_name(sent->event.name)) << json;
                EXPECT_TRUE(sent->event.color.empty() || chat::is_color(sent->event.color)) << json;
                for (const std::string& part : message_parts(sent->event.text))
                    EXPECT_TRUE(is_valid_utf8(part) && chat::is_valid_text(part)) << json;
            }
        } catch (const OriginalFault& fault) {
            EXPECT_STRNE(fault.what(), "");
        }
    }
}

TEST(TitleWithId, IsValidHoweverLongTheTitle) {
    EXPECT_EQ(title_with_id("My room", 7, 1), "My room (7)");
    EXPECT_EQ(title_with_id("My room", 7, 2), "My room (7-2)");
    EXPECT_EQ(title_with_id(repeat("x", 70), 7, 1), repeat("x", 66) + " (7)");
    EXPECT_TRUE(chat::is_valid_title(title_with_id(repeat("ü", 70), chat::kEndOfRoomIds - 1, 99)));
}

}  // namespace
}  // namespace globes::maintenance
