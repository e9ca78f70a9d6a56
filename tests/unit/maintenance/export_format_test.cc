#include "maintenance/export_format.h"

#include <gmock/gmock.h>

namespace globes::maintenance {
namespace {

using testing::HasSubstr;

const chat::StoredRoom kRoom{.record = {.id = 7,
                                        .title = "My \"room\" ☃",
                                        .description = "There are many like it",
                                        .visibility = chat::Visibility::private_room,
                                        .password_hash = "$2b$10$abcdefghijklmnopqrstuvABCDEFGHIJKLMNOPQRSTUVWXYZ01234",
                                        .owned = true,
                                        .token_epoch = 3,
                                        .owner_epoch = 2,
                                        .salt = "0123456789abcdef0123456789abcdef",
                                        .old_keys_until = 1'607'030'634'000'000,
                                        .retention_s = 60,
                                        .max_events = 5,
                                        .created_at = 1'607'030'634'421'318,
                                        .updated_at = 1'607'030'634'421'319},
                             .last_seq = 17,
                             .first_seq = 4};
const chat::Event kEvent{.room = 7,
                         .seq = 4,
                         .name = "david",
                         .color = "red",
                         .text = "line\nbreak \"and\" \xF0\x9F\x8E\x89",
                         .client_id = "c1",
                         .time = 1'607'030'634'421'318};

constexpr const char* kRoomLine =
    R"({"kind":"room","id":7,"title":"My \"room\" ☃","description":"There are many like it","visibility":"private",)"
    R"("password_hash":"$2b$10$abcdefghijklmnopqrstuvABCDEFGHIJKLMNOPQRSTUVWXYZ01234","owned":true,"token_epoch":3,)"
    R"("owner_epoch":2,"salt":"0123456789abcdef0123456789abcdef","old_keys_until":"2020-12-03T21:23:54.000000Z","retention":60,"max_events":5,)"
    R"("createdAt":"2020-12-03T21:23:54.421318Z","updatedAt":"2020-12-03T21:23:54.421319Z","first_seq":4,"last_seq":17})";
constexpr const char* kEventLine =
    R"({"kind":"send","room_id":7,"seq":4,"name":"david","color":"red","msg":"line\nbreak \"and\" 🎉","id":"c1",)"
    R"("time":"2020-12-03T21:23:54.421318Z"})";

std::string replaced(std::string text, std::string_view old, std::string_view by) {
    const auto at = text.find(old);
    EXPECT_NE(at, std::string::npos) << old;
    return at == std::string::npos ? text : text.replace(at, old.size(), by);
}

std::string fault_of(std::string_view line) {
    try {
        read_export_line(line);
    } catch (const ExportFormatError& error) {
        return error.what();
    }
    return "(accepted)";
}

TEST(ExportFormat, WritesTheLinesOfTheDocumentation) {
    EXPECT_EQ(export_line(ExportHead{.next_room_id = 12}), R"({"kind":"globes-export","version":1,"next_room_id":12})");
    EXPECT_EQ(export_line(kRoom), kRoomLine);
    EXPECT_EQ(export_line(kEvent), kEventLine);
    EXPECT_EQ(export_line(ExportEnd{.rooms = 2, .events = 3}), R"({"kind":"end","rooms":2,"events":3})");
}

TEST(ExportFormat, ReadsItsOwnOutput) {
    EXPECT_EQ(std::get<ExportHead>(read_export_line(export_line(ExportHead{.next_room_id = 12}))).next_room_id, 12);
    const auto room = std::get<chat::StoredRoom>(read_export_line(kRoomLine));
    EXPECT_EQ(room.record, kRoom.record);
    EXPECT_EQ(room.first_seq, 4);
    EXPECT_EQ(room.last_seq, 17);
    EXPECT_EQ(std::get<chat::Event>(read_export_line(kEventLine)), kEvent);
    const auto end = std::get<ExportEnd>(read_export_line(export_line(ExportEnd{.rooms = 2, .events = 3})));
    EXPECT_EQ(end.rooms, 2);
    EXPECT_EQ(end.events, 3);
}

TEST(ExportFormat, NamesTheInvalidFieldOfARoom) {
    const std::pair<const char*, const char*> changes[] = {
        {R"("id":7)", R"("id":0)"},
        {R"("id":7)", R"("id":9007199254740992)"},
        {R"("id":7)", R"("id":"7")"},
        {R"("title":"My \"room\" ☃")", R"("title":"7")"},
        {R"("title":"My \"room\" ☃")", R"("title":" My room")"},
        {R"("description":"There are many like it")", R"("description":4)"},
        {R"("description":"There are many like it")", R"("description":"two\nlines")"},
        {R"("visibility":"private")", R"("visibility":"secret")"},
        {R"("password_hash":"$2b$10$abcdefghijklmnopqrstuvABCDEFGHIJKLMNOPQRSTUVWXYZ01234")", R"("password_hash":"")"},
        {R"("password_hash":"$2b$10$abcdefghijklmnopqrstuvABCDEFGHIJKLMNOPQRSTUVWXYZ01234")",
         R"("password_hash":"$2b$10$abc")"},
        {R"("owned":true)", R"("owned":1)"},
        {R"("token_epoch":3)", R"("token_epoch":-3)"},
        {R"("owner_epoch":2)", R"("owner_epoch":"2")"},
        {R"("salt":"0123456789abcdef0123456789abcdef")", R"("salt":"")"},
        {R"("salt":"0123456789abcdef0123456789abcdef")", R"("salt":"0123456789ABCDEF0123456789abcdef")"},
        {R"("salt":"0123456789abcdef0123456789abcdef")", R"("salt":7)"},
        {R"("old_keys_until":"2020-12-03T21:23:54.000000Z")", R"("old_keys_until":"2020-12-03")"},
        {R"("old_keys_until":"2020-12-03T21:23:54.000000Z")", R"("old_keys_until":0)"},
        {R"("retention":60)", R"("retention":6.5)"},
        {R"("max_events":5)", R"("max_events":null)"},
        {R"("createdAt":"2020-12-03T21:23:54.421318Z")", R"("createdAt":"2020-12-03")"},
        {R"("first_seq":4)", R"("first_seq":0)"},
        {R"("last_seq":17)", R"("last_seq":2)"},
    };
    for (const auto& [good, bad] : changes) {
        const std::string line = replaced(kRoomLine, good, bad);
        const std::string field = std::string(bad).substr(1, std::string(bad).find('"', 1) - 1);
        EXPECT_THAT(fault_of(line), testing::StartsWith(field + ": ")) << line;
    }
}

TEST(ExportFormat, NamesTheInvalidFieldOfAnEvent) {
    const std::string long_text(4097, 'x');
    const std::pair<std::string, std::string> changes[] = {
        {R"("room_id":7)", R"("room_id":-1)"},
        {R"("seq":4)", R"("seq":0)"},
        {R"("seq":4)", R"("seq":18446744073709551615)"},
        {R"("name":"david")", R"("name":"")"},
        {R"("color":"red")", R"("color":"rot")"},
        {R"("msg":"line\nbreak \"and\" 🎉")", R"("msg":")" + long_text + '"'},
        {R"("id":"c1")", R"("id":")" + long_text + '"'},
        {R"("time":"2020-12-03T21:23:54.421318Z")", R"("time":0)"},
    };
    for (const auto& [good, bad] : changes) {
        const std::string line = replaced(kEventLine, good, bad);
        EXPECT_THAT(fault_of(line), testing::StartsWith(bad.substr(1, bad.find('"', 1) - 1) + ": ")) << line;
    }
}

constexpr const char* kSaltFields =
    R"("owner_epoch":2,"salt":"0123456789abcdef0123456789abcdef","old_keys_until":"2020-12-03T21:23:54.000000Z",)";

TEST(ExportFormat, ReadsRoomsOfOlderExportsWithoutASalt) {
    chat::RoomRecord expected = kRoom.record;
    expected.owner_epoch = 0;
    expected.salt.clear();
    expected.old_keys_until = 0;
    EXPECT_EQ(std::get<chat::StoredRoom>(read_export_line(replaced(kRoomLine, kSaltFields, ""))).record, expected);
}

TEST(ExportFormat, ASaltComesWithTheFieldsOfItsVersion) {
    const std::string salt = R"("salt":"0123456789abcdef0123456789abcdef",)";
    EXPECT_EQ(fault_of(replaced(kRoomLine, kSaltFields, salt)), "owner_epoch: is missing");
    EXPECT_EQ(fault_of(replaced(kRoomLine, kSaltFields, salt + R"("owner_epoch":2,)")), "old_keys_until: is missing");
    EXPECT_EQ(fault_of(replaced(kRoomLine, kSaltFields, R"("owner_epoch":2,)")), "has unknown fields");
}

TEST(ExportFormat, ARoomThatNeverHadOldKeysHasNoTimeOfTheirEnd) {
    chat::StoredRoom room = kRoom;
    room.record.old_keys_until = 0;
    EXPECT_THAT(export_line(room), HasSubstr(R"("old_keys_until":"",)"));
    EXPECT_EQ(std::get<chat::StoredRoom>(read_export_line(export_line(room))).record, room.record);
}

TEST(ExportFormat, NeedsEveryFieldAndNoOther) {
    EXPECT_EQ(fault_of(replaced(kEventLine, R"("color":"red",)", "")), "color: is missing");
    EXPECT_THAT(fault_of(replaced(kEventLine, R"("seq":4)", R"("seq":4,"planted":1)")), HasSubstr("unknown fields"));
    EXPECT_EQ(fault_of(replaced(kEventLine, R"("kind":"send")", R"("kind":"edit")")),
              "kind: is unknown to this version");
    EXPECT_EQ(fault_of(R"({"kind":"globes-export","version":2,"next_room_id":1})"),
              "version: this Globes reads version 1 only");
}

TEST(ExportFormat, RefusesLinesThatAreNotObjects) {
    for (const char* line : {"", "{", "[]", "7", "{} {}", "{\"kind\":\"\xFF\"}", "\xEF\xBB\xBF{}"})
        EXPECT_NE(fault_of(line), "(accepted)") << line;
    EXPECT_EQ(fault_of(std::string_view(kEventLine).substr(0, 40)), "is not a JSON object");
}

TEST(ExportFormat, APublicRoomHasNoPassword) {
    const std::string line = replaced(kRoomLine, R"("visibility":"private")", R"("visibility":"public")");
    EXPECT_THAT(fault_of(line), HasSubstr("password_hash: "));
    EXPECT_EQ(fault_of(replaced(line, "$2b$10$abcdefghijklmnopqrstuvABCDEFGHIJKLMNOPQRSTUVWXYZ01234", "")),
              "(accepted)");
}

}  // namespace
}  // namespace globes::maintenance
