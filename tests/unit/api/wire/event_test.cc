#include "api/wire/event.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace globes::api {
namespace {

using namespace std::string_literals;
using chat::ClientEvent;
using chat::EventKind;
using chat::EventRefusal;

std::string repeat(std::string_view character, std::size_t count) {
    std::string text;
    for (std::size_t i = 0; i < count; ++i) text += character;
    return text;
}

/// `head` is an object without its end; `value` is JSON.
std::string with_field(std::string_view head, std::string_view key, std::string_view value) {
    return fmt::format(R"({},"{}":{}}})", head, key, value);
}

std::string in_quotes(std::string_view text) { return fmt::format(R"("{}")", text); }

ClientEvent accepted(std::string_view frame) {
    const auto event = parse_client_event(frame);
    if (event) return *event;
    ADD_FAILURE() << frame << " refused with field '" << event.error().error.field << "'";
    return {};
}

/// The fault of a frame that must be refused with code 303.
EventRefusal fault_of(std::string_view frame) {
    const auto event = parse_client_event(frame);
    if (event) {
        ADD_FAILURE() << frame << " was accepted";
        return {};
    }
    EXPECT_EQ(event.error().error.code, ErrorCode::invalid_json);
    return event.error();
}

std::string_view refused_field(std::string_view frame) { return fault_of(frame).error.field; }

TEST(ParseClientEvent, ReadsTheReadmesEvent) {
    EXPECT_EQ(accepted(R"({"event_type":"send","name":"my-username","color":"red","msg":"hello","id":"optional"})"),
              (ClientEvent{EventKind::send, "my-username", "red", "hello", "optional"}));
}

TEST(ParseClientEvent, ReadsEventTypesInAnyCase) {
    EXPECT_EQ(accepted(R"({"event_type":"SEND","name":"a","msg":"x"})").kind, EventKind::send);
    EXPECT_EQ(accepted(R"({"event_type":"Join","name":"a"})").kind, EventKind::join);
    EXPECT_EQ(accepted(R"({"event_type":"lEAVE","name":"a"})").kind, EventKind::leave);
}

TEST(ParseClientEvent, RefusesUnknownEventTypes) {
    for (const char* type : {R"("")", R"("shout")", R"(" send")", R"("send ")", R"("error")", R"("\u017fend")",
                             R"("send\u0000")", "1", "true", "null", "[]", "{}", R"(["send"])"}) {
        const std::string frame = with_field(R"({"name":"a","msg":"x")", "event_type", type);
        EXPECT_EQ(refused_field(frame), "event_type") << frame;
    }
    EXPECT_EQ(refused_field(R"({"name":"a","msg":"x"})"), "event_type");
    EXPECT_EQ(refused_field("{}"), "event_type");
}

TEST(ParseClientEvent, RefusesBadNamesOfEveryKind) {
    for (const char* type : {"send", "join", "leave"}) {
        const std::string head = fmt::format(R"({{"event_type":"{}","msg":"x")", type);
        EXPECT_EQ(refused_field(head + "}"), "name");
        for (const std::string& name : {R"("")"s, "null"s, "1"s, "true"s, "[]"s, "{}"s, R"("a\nb")"s, R"("\u0000")"s,
                                        R"("\u0085")"s, in_quotes(repeat("x", 33)), in_quotes(repeat("🦄", 33))})
            EXPECT_EQ(refused_field(with_field(head, "name", name)), "name") << name;
    }
}

TEST(ParseClientEvent, TakesNamesUpToTheLimit) {
    for (const std::string& name : {"a"s, "two words"s, repeat("x", 32), repeat("🦄", 32)})
        EXPECT_EQ(accepted(with_field(R"({"event_type":"join")", "name", in_quotes(name))).name, name);
}

TEST(ParseClientEvent, SendNeedsATextOf1To4096Characters) {
    const std::string head = R"({"event_type":"send","name":"a")";
    EXPECT_EQ(refused_field(head + "}"), "msg");
    for (const std::string& message :
         {R"("")"s, "null"s, "1"s, "false"s, "[]"s, "{}"s, in_quotes(repeat("x", 4097)), in_quotes(repeat("🦄", 4097))})
        EXPECT_EQ(refused_field(with_field(head, "msg", message)), "msg") << message.substr(0, 20);
    for (const std::string& message : {" "s, "x"s, repeat("x", 4096), repeat("🦄", 4096)})
        EXPECT_EQ(accepted(with_field(head, "msg", in_quotes(message))).text, message);
    EXPECT_EQ(accepted(head + R"(,"msg":"two\nlines\u0000"})").text, "two\nlines\0"s);
}

TEST(ParseClientEvent, JoinAndLeaveIgnoreTheTextButNotItsType) {
    for (const char* type : {"join", "leave"}) {
        const std::string head = fmt::format(R"({{"event_type":"{}","name":"a")", type);
        for (const std::string& message : {R"("")"s, R"("hello")"s, "null"s, in_quotes(repeat("x", 5000))})
            EXPECT_EQ(accepted(with_field(head, "msg", message)).text, "");
        for (const char* message : {"1", "true", "[]", "{}"})
            EXPECT_EQ(refused_field(with_field(head, "msg", message)), "msg");
    }
}

TEST(ParseClientEvent, DropsAnInvalidColor) {
    const auto color_of = [](std::string_view color) {
        return accepted(with_field(R"({"event_type":"send","name":"a","msg":"x")", "color", color)).color;
    };
    EXPECT_EQ(color_of(R"("red")"), "red");
    EXPECT_EQ(color_of(R"("Red")"), "Red");
    EXPECT_EQ(color_of(R"("#0aF")"), "#0aF");
    EXPECT_EQ(color_of(R"("#00aaff")"), "#00aaff");
    for (const char* dropped :
         {R"("")", "null", R"("reddish")", R"("#12345")", R"("red;x")", R"("\u0000")", R"("color of chat message")"})
        EXPECT_EQ(color_of(dropped), "") << dropped;
}

TEST(ParseClientEvent, RefusesColorsOfTheWrongType) {
    for (const char* color : {"1", "true", "[]", "{}", R"(["red"])"})
        EXPECT_EQ(refused_field(with_field(R"({"event_type":"join","name":"a")", "color", color)), "color") << color;
}

TEST(ParseClientEvent, IdIsOptionalAndHas1To64Characters) {
    const std::string head = R"({"event_type":"send","name":"a","msg":"x")";
    EXPECT_EQ(accepted(head + "}").client_id, "");
    EXPECT_EQ(accepted(head + R"(,"id":null})").client_id, "");
    EXPECT_EQ(accepted(head + R"(,"id":""})").client_id, "") << "an empty text is the same as none";
    for (const std::string& id : {"c"s, repeat("x", 64), repeat("日", 64)})
        EXPECT_EQ(accepted(with_field(head, "id", in_quotes(id))).client_id, id);
    for (const std::string& id : {"1"s, "true"s, "[]"s, "{}"s, in_quotes(repeat("x", 65))}) {
        const EventRefusal fault = fault_of(with_field(head, "id", id));
        EXPECT_EQ(fault.error.field, "id") << id;
        EXPECT_EQ(fault.client_id, "") << id;
    }
}

TEST(ParseClientEvent, ReportsTheFirstFaultInTheOrderOfTheContract) {
    EXPECT_EQ(refused_field(R"({"id":1,"color":1,"msg":1,"name":1,"event_type":1})"), "event_type");
    EXPECT_EQ(refused_field(R"({"id":1,"color":1,"msg":1,"name":1,"event_type":"send"})"), "name");
    EXPECT_EQ(refused_field(R"({"id":1,"color":1,"msg":1,"name":"a","event_type":"send"})"), "msg");
    EXPECT_EQ(refused_field(R"({"id":1,"color":1,"msg":"x","name":"a","event_type":"send"})"), "color");
    EXPECT_EQ(refused_field(R"({"id":1,"color":"red","msg":"x","name":"a","event_type":"send"})"), "id");
}

TEST(ParseClientEvent, FaultCarriesTheValidIdWhereverItStands) {
    for (const char* frame :
         {R"({"id":"c1"})", R"({"event_type":"send","id":"c1"})", R"({"id":"c1","event_type":"send","name":"a"})",
          R"({"event_type":"send","name":"a","msg":"x","color":1,"id":"c1"})"})
        EXPECT_EQ(fault_of(frame).client_id, "c1") << frame;
    EXPECT_EQ(fault_of(R"({"event_type":"send","id":7})").client_id, "");
    EXPECT_EQ(fault_of(R"({"event_type":"send","id":")" + repeat("x", 65) + R"("})").client_id, "");
}

TEST(ParseClientEvent, BrokenFramesHaveNeitherFieldNorId) {
    for (const std::string& frame : {""s, "hello"s, "[]"s, "null"s, R"("send")"s, R"({"event_type":"send","id":"c1")"s,
                                     R"({"event_type":"send","name":"a","msg":"\ud800","id":"c1"})"s,
                                     R"({"event_type":"send","name":"a","msg":"x","id":"c1","extra":"\udc00"})"s,
                                     "{\"event_type\":\"send\",\"name\":\"a\",\"msg\":\"\xFF\",\"id\":\"c1\"}"s,
                                     R"({"event_type":"send","name":"a","msg":"x","id":"c1"} {})"s}) {
        const EventRefusal fault = fault_of(frame);
        EXPECT_EQ(fault.error.field, "") << frame;
        EXPECT_EQ(fault.client_id, "") << frame;
    }
}

TEST(ParseClientEvent, IgnoresSecretsAndUnknownFields) {
    EXPECT_EQ(accepted(R"({"event_type":"join","name":"a","secret":"s3cret","time":1,"seq":[],"x":{"name":1}})"),
              (ClientEvent{EventKind::join, "a", "", "", ""}));
}

chat::Event full_event() {
    return {.kind = EventKind::send,
            .room = 2,
            .seq = 17,
            .name = "my-username",
            .color = "red",
            .text = "hello",
            .client_id = "optional",
            .time = 1'607'030'634'421'318};
}

std::string event_json(const chat::Event& event) {
    std::string out;
    append_event_json(out, event);
    return out;
}

TEST(AppendEventJson, WritesTheContractsEvent) {
    EXPECT_EQ(event_json(full_event()),
              R"({"event_type":"send","name":"my-username","room_id":2,"color":"red","msg":"hello",)"
              R"("time":"2020-12-03T21:23:54.421318Z","seq":17,"id":"optional"})");
}

TEST(AppendEventJson, OmitsAbsentColorAndId) {
    chat::Event event = full_event();
    event.color.clear();
    event.client_id.clear();
    EXPECT_EQ(event_json(event), R"({"event_type":"send","name":"my-username","room_id":2,"msg":"hello",)"
                                 R"("time":"2020-12-03T21:23:54.421318Z","seq":17})");
}

TEST(AppendEventJson, AStoredKindOfALaterVersionIsUnknownAndKeepsItsSeq) {
    chat::Event event = full_event();
    event.kind = static_cast<EventKind>(7);
    EXPECT_EQ(event_json(event),
              R"({"event_type":"unknown","name":"my-username","room_id":2,"color":"red","msg":"hello",)"
              R"("time":"2020-12-03T21:23:54.421318Z","seq":17,"id":"optional"})");
}

TEST(AppendEventJson, LiveEventsHaveNoSeq) {
    chat::Event event = full_event();
    event.seq = 0;
    event.kind = EventKind::join;
    event.text = "my-username entered the room.";
    EXPECT_EQ(event_json(event),
              R"({"event_type":"join","name":"my-username","room_id":2,"color":"red",)"
              R"("msg":"my-username entered the room.","time":"2020-12-03T21:23:54.421318Z","id":"optional"})");
    event.kind = EventKind::leave;
    EXPECT_TRUE(event_json(event).starts_with(R"({"event_type":"leave",)"));
}

TEST(AppendEventJson, EscapesEveryTextOfAClient) {
    chat::Event event = full_event();
    event.name = R"(a"b)";
    event.text = "\"},{\n\\\0🦄"s;
    event.client_id = "x\ty";
    EXPECT_EQ(event_json(event),
              R"({"event_type":"send","name":"a\"b","room_id":2,"color":"red","msg":"\"},{\n\\\u0000🦄",)"
              R"("time":"2020-12-03T21:23:54.421318Z","seq":17,"id":"x\ty"})");
}

TEST(AppendEventJson, WritesTheLargestNumbersWhole) {
    chat::Event event = full_event();
    event.room = chat::kEndOfRoomIds - 1;
    event.seq = 9'007'199'254'740'991;
    EXPECT_NE(event_json(event).find(R"("room_id":9007199254740991,)"), std::string::npos);
    EXPECT_NE(event_json(event).find(R"("seq":9007199254740991,)"), std::string::npos);
}

TEST(AppendEventJson, KeepsExistingText) {
    std::string out = "[";
    append_event_json(out, full_event());
    EXPECT_EQ(out, "[" + event_json(full_event()));
}

TEST(ParseClientEvent, FaultCarriesTheNameOnlyIfItIsValid) {
    for (const char* frame : {R"({"name":"ada"})", R"({"event_type":"send","name":"ada"})",
                              R"({"id":7,"msg":"x","event_type":"send","name":"ada"})",
                              R"({"event_type":"send","name":"ada","msg":"x","color":1})"})
        EXPECT_EQ(fault_of(frame).name, "ada") << frame;
    for (const std::string& name : {"7"s, R"("")"s, R"(["ada"])"s, R"("a\nb")"s, in_quotes(repeat("x", 33))})
        EXPECT_EQ(fault_of(with_field(R"({"event_type":"send")", "name", name)).name, "") << name;
    EXPECT_EQ(fault_of(R"({"event_type":"send","name":"ada")").name, "") << "a frame that can't be read has none";
}

TEST(ErrorEventJson, WritesTheContractsError) {
    EXPECT_EQ(error_event_json(2, {{ErrorCode::duplicate_username, "name"}, "david", "c1"}),
              R"({"event_type":"error","name":"david","room_id":2,"msg":"That name is taken.",)"
              R"("error":{"code":202,"error":"Client error: Duplicate username","field":"name"},"id":"c1"})");
}

TEST(ErrorEventJson, HasFieldPauseAndIdOnlyIfKnown) {
    EXPECT_EQ(error_event_json(2, {{ErrorCode::unavailable}}),
              R"({"event_type":"error","name":"","room_id":2,)"
              R"("msg":"The server could not confirm that. Try again in a moment.",)"
              R"("error":{"code":505,"error":"Temporarily unavailable"}})");
    const std::string head = R"({"event_type":"error","name":"a\"b","room_id":2,)"
                             R"("msg":"You are sending too fast. Wait a moment, then send it again.",)"
                             R"("error":{"code":503,"error":"Too many requests"},)";
    EXPECT_EQ(error_event_json(2, {{ErrorCode::too_many_requests}, "a\"b", {}, 50}), head + R"("retry_after_ms":50})");
    EXPECT_EQ(error_event_json(2, {{ErrorCode::too_many_requests}, "a\"b", "\"", 0}),
              head + R"("retry_after_ms":0,"id":"\""})");
}

// --- the welcome -----------------------------------------------------------------------------------------------------

TEST(WelcomeJson, NamesSomeUsersAndCountsAll) {
    const chat::RoomUser user{.username = "ann", .color = "red", .last_activity = 0};
    EXPECT_EQ(welcome_json({.room = 2, .seq = 17, .at = 1, .users = {&user, 1}, .online = 5, .session = "s"}),
              R"({"event_type":"welcome","room_id":2,"seq":17,"at":"1970-01-01T00:00:00.000001Z",)"
              R"("users":[{"username":"ann","color":"red","last_activity":"1970-01-01T00:00:00.000000Z"}],"online":5,)"
              R"("resumed":false,"session":"s"})");
}

/// `count` sends of 4096 control characters, each about 24 KiB as JSON.
std::vector<chat::Event> long_sends(std::uint64_t count) {
    std::vector<chat::Event> events;
    for (std::uint64_t seq = 1; seq <= count; ++seq)
        events.push_back({.room = 7, .seq = seq, .name = "ann", .text = std::string(4096, '\x01')});
    return events;
}

std::vector<std::int64_t> seqs_in(const std::string& json) {
    std::vector<std::int64_t> seqs;
    const boost::json::value page = boost::json::parse(json);
    for (const auto& event : page.at("events").as_array()) seqs.push_back(event.at("seq").as_int64());
    return seqs;
}

TEST(HistoryJson, EndsAtItsLimitInTheDirectionOfTheRequest) {
    const std::vector<chat::Event> events = long_sends(100);
    const std::string oldest = history_json(7, 1, 100, events, false);
    const std::string newest = history_json(7, 1, 100, events, true);
    for (const std::string& page : {oldest, newest}) {
        EXPECT_LE(page.size(), kMaxHistoryBytes + (32 << 10));
        EXPECT_GE(page.size(), kMaxHistoryBytes - (32 << 10));
    }
    EXPECT_EQ(seqs_in(oldest).front(), 1);
    EXPECT_EQ(seqs_in(newest).back(), 100);
    EXPECT_EQ(seqs_in(oldest).size(), seqs_in(newest).size() + 1) << "the oldest ones up to the first beyond the limit";
}

TEST(HistoryJson, AShortPageIsComplete) {
    const std::vector<chat::Event> events = long_sends(3);
    for (const bool keeps_newest : {false, true})
        EXPECT_EQ(seqs_in(history_json(7, 1, 3, events, keeps_newest)).size(), 3U);
    EXPECT_EQ(history_json(7, 1, 0, {}, true), R"({"room_id":7,"first_seq":1,"last_seq":0,"events":[]})");
}

}  // namespace
}  // namespace globes::api
