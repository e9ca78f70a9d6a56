#include "api/wire/room.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace globes::api {
namespace {

using namespace std::string_literals;
using chat::RoomDraft;
using chat::RoomPatch;
using chat::RoomView;
using chat::Visibility;

constexpr std::string_view kBrokenBodies[] = {"",
                                              " ",
                                              "{",
                                              "null",
                                              "[]",
                                              "true",
                                              R"("x")",
                                              R"({"a":})",
                                              R"({"title":"x"} x)",
                                              "{\"title\":\"\xFF\"}",
                                              R"({"title":"\ud800"})"};

constexpr std::string_view kWrongForText[] = {"1", "true", "[]", "{}", R"(["x"])"};

template <class T>
void expect_invalid_json(const Result<T>& parsed, std::string_view field, std::string_view body) {
    ASSERT_FALSE(parsed) << body;
    EXPECT_EQ(parsed.error(), (Error{ErrorCode::room_invalid_json, field})) << body << ' ' << parsed.error().field;
}

TEST(ParseRoomDraft, ReadsEveryField) {
    const auto draft =
        parse_room_draft(R"({"title":"My chat room","description":"There are many like it","visibility":"Private",)"
                         R"("password":"long enough","owner":true,"name":"david"})");
    ASSERT_TRUE(draft);
    EXPECT_EQ(draft->title, "My chat room");
    EXPECT_EQ(draft->description, "There are many like it");
    EXPECT_EQ(draft->visibility, "Private");
    EXPECT_EQ(draft->password, "long enough");
    EXPECT_TRUE(draft->owner);
    EXPECT_EQ(draft->owner_name, "david");
}

TEST(ParseRoomDraft, NullIsTheSameAsLeftOut) {
    for (const char* body :
         {"{}", R"({"title":null,"description":null,"visibility":null,"password":null,"owner":null,"name":null})",
          R"({"id":7,"users":[],"Title":"x"})"}) {
        const auto draft = parse_room_draft(body);
        ASSERT_TRUE(draft) << body;
        EXPECT_EQ(draft->title, std::nullopt);
        EXPECT_EQ(draft->description, std::nullopt);
        EXPECT_EQ(draft->visibility, std::nullopt);
        EXPECT_EQ(draft->password, std::nullopt);
        EXPECT_FALSE(draft->owner);
        EXPECT_EQ(draft->owner_name, std::nullopt);
    }
}

TEST(ParseRoomDraft, AnEmptyTextIsLeftOutInAFieldOfAnyType) {
    const auto draft = parse_room_draft(
        R"({"title":"","description":"","visibility":"","password":"","retention":"","max_events":"","owner":"","name":""})");
    ASSERT_TRUE(draft);
    EXPECT_EQ(draft->title, std::nullopt);
    EXPECT_EQ(draft->visibility, std::nullopt);
    EXPECT_EQ(draft->password, std::nullopt);
    EXPECT_EQ(draft->retention_s, std::nullopt);
    EXPECT_EQ(draft->max_events, std::nullopt);
    EXPECT_FALSE(draft->owner);
    EXPECT_EQ(draft->owner_name, std::nullopt);
}

TEST(ParseRoomDraft, LastOfEqualKeysCounts) {
    EXPECT_EQ(parse_room_draft(R"({"title":1,"title":"last"})")->title, "last");
    EXPECT_EQ(parse_room_draft(R"({"title":"first","title":null})")->title, std::nullopt);
}

TEST(ParseRoomDraft, RefusesBrokenBodies) {
    for (const std::string_view body : kBrokenBodies) expect_invalid_json(parse_room_draft(body), "", body);
}

TEST(ParseRoomDraft, RefusesFieldsOfTheWrongType) {
    for (const std::string_view field : {"title", "description", "visibility", "password", "name"})
        for (const std::string_view value : kWrongForText) {
            const std::string body = "{\"" + std::string(field) + "\":" + std::string(value) + "}";
            expect_invalid_json(parse_room_draft(body), field, body);
        }
    for (const char* value : {"1", "0", R"("true")", "[]", "{}"}) {
        const std::string body = R"({"owner":)"s + value + "}";
        expect_invalid_json(parse_room_draft(body), "owner", body);
    }
}

TEST(ParseRoomDraft, ReportsTheFirstWrongTypeWhateverTheOrderInTheBody) {
    const std::string body = R"({"name":1,"owner":1,"password":1,"visibility":1,"description":1})";
    expect_invalid_json(parse_room_draft(body), "description", body);
}

TEST(ParseRoomPatch, ReadsEveryFieldAndLeavesTheRest) {
    const auto patch = parse_room_patch(R"({"visibility":"hidden","password":"long enough"})");
    ASSERT_TRUE(patch);
    EXPECT_EQ(patch->title, std::nullopt);
    EXPECT_EQ(patch->description, std::nullopt);
    EXPECT_EQ(patch->visibility, "hidden");
    EXPECT_EQ(patch->password, "long enough");

    const auto texts = parse_room_patch(R"({"title":"New","description":"","password":null})");
    ASSERT_TRUE(texts);
    EXPECT_EQ(texts->title, "New");
    EXPECT_EQ(texts->description, "");
    EXPECT_EQ(texts->password, std::nullopt);
}

TEST(ParseRoomPatch, AnEmptyTextIsLeftOutButForADescriptionWhichItClears) {
    const auto patch = parse_room_patch(
        R"({"title":"","description":"","visibility":"","password":"","retention":"","max_events":""})");
    ASSERT_TRUE(patch);
    EXPECT_EQ(patch->title, std::nullopt);
    EXPECT_EQ(patch->description, "");
    EXPECT_EQ(patch->visibility, std::nullopt);
    EXPECT_EQ(patch->password, std::nullopt);
    EXPECT_EQ(patch->retention_s, std::nullopt);
    EXPECT_EQ(patch->max_events, std::nullopt);
}

TEST(ParseRoomPatch, RefusesBrokenBodiesAndWrongTypes) {
    for (const std::string_view body : kBrokenBodies) expect_invalid_json(parse_room_patch(body), "", body);
    for (const std::string_view field : {"title", "description", "visibility", "password"})
        for (const std::string_view value : kWrongForText) {
            const std::string body = "{\"" + std::string(field) + "\":" + std::string(value) + "}";
            expect_invalid_json(parse_room_patch(body), field, body);
        }
}

TEST(ParseRoomPatch, IgnoresTheOwnersFieldsOfWhateverType) {
    EXPECT_TRUE(parse_room_patch(R"({"owner":"yes","name":7,"id":"x"})"));
}

TEST(ParseTokenRequest, ReadsSecretAndNameAndNothingElse) {
    const TokenRequest request = parse_token_request(R"({"secret":"s3cret","name":"david","room_id":[],"title":1})");
    EXPECT_EQ(request.secret, "s3cret");
    EXPECT_EQ(request.name, "david");
}

TEST(ParseTokenRequest, IgnoresValuesOfOtherTypes) {
    for (const std::string_view value : {"1", "true", "null", "[]", "{}"}) {
        const std::string secret = R"({"name":"david","secret":)" + std::string(value) + "}";
        EXPECT_EQ(parse_token_request(secret).secret, std::nullopt) << secret;
        EXPECT_EQ(parse_token_request(secret).name, "david") << secret;
        const std::string name = R"({"secret":"s3cret","name":)" + std::string(value) + "}";
        EXPECT_EQ(parse_token_request(name).secret, "s3cret") << name;
        EXPECT_EQ(parse_token_request(name).name, std::nullopt) << name;
    }
}

TEST(ParseTokenRequest, HasNeitherInABodyThatCannotBeRead) {
    for (const std::string_view body : kBrokenBodies) {
        EXPECT_EQ(parse_token_request(body).secret, std::nullopt) << body;
        EXPECT_EQ(parse_token_request(body).name, std::nullopt) << body;
    }
    EXPECT_EQ(parse_token_request(R"({"secret":"s3cret","name":"david")").secret, std::nullopt);
}

RoomView readme_room() {
    RoomView view;
    view.record = {.id = 2,
                   .title = "My chat room",
                   .description = "There are many like it",
                   .visibility = Visibility::public_room,
                   .password_hash = "",
                   .owned = false,
                   .token_epoch = 5,
                   .created_at = 1'607'030'634'421'318,
                   .updated_at = 1'607'030'634'421'319};
    return view;
}

constexpr std::string_view kReadmeRoomHead =
    R"({"title":"My chat room","description":"There are many like it","visibility":"public",)"
    R"("createdAt":"2020-12-03T21:23:54.421318Z","updatedAt":"2020-12-03T21:23:54.421319Z","id":2,)";

std::string room_json(const RoomView& view, std::string_view owner_token = {}) {
    std::string out;
    append_room_json(out, view, owner_token);
    return out;
}

TEST(AppendRoomJson, WritesTheReadmesRoom) {
    EXPECT_EQ(room_json(readme_room()), std::string(kReadmeRoomHead) + R"("users":[],"online":0})");
}

TEST(AppendRoomJson, ListsUsersInOrderOfArrival) {
    RoomView view = readme_room();
    view.users = {{"zoe", "red", 0}, {"a\"b", "", 1}};
    view.online = 2;
    EXPECT_EQ(room_json(view),
              std::string(kReadmeRoomHead) +
                  R"("users":[{"username":"zoe","color":"red","last_activity":"1970-01-01T00:00:00.000000Z"},)"
                  R"({"username":"a\"b","color":"","last_activity":"1970-01-01T00:00:00.000001Z"}],"online":2})");
}

TEST(AppendRoomJson, OwnersTokenIsTheLastField) {
    EXPECT_EQ(room_json(readme_room(), "e.y.J"),
              std::string(kReadmeRoomHead) + R"("users":[],"online":0,"owner_token":"e.y.J"})");
}

TEST(AppendRoomJson, NeverContainsTheHash) {
    RoomView view = readme_room();
    view.record.visibility = Visibility::private_room;
    view.record.password_hash = "$2b$10$hash";
    for (const std::string& json : {room_json(view, "token"), room_json(view), room_list_json({&view, 1})}) {
        EXPECT_NE(json.find(R"("visibility":"private")"), std::string::npos) << json;
        EXPECT_EQ(json.find("hash"), std::string::npos) << json;
        EXPECT_EQ(json.find("password"), std::string::npos) << json;
    }
}

TEST(AppendRoomJson, EscapesTitleAndDescription) {
    RoomView view = readme_room();
    view.record.title = "\"quoted\" \\ ż";
    view.record.description = "</script>";
    EXPECT_TRUE(room_json(view).starts_with(R"({"title":"\"quoted\" \\ ż","description":"</script>",)"));
}

TEST(RoomListJson, CountsInPlaceOfUsers) {
    EXPECT_EQ(room_list_json({}), "[]");
    std::vector<RoomView> rooms(2, readme_room());
    rooms[0].users = {{"zoe", "red", 0}};
    rooms[0].online = 1;
    const std::string head(kReadmeRoomHead);
    EXPECT_EQ(room_list_json(rooms), "[" + head + R"("online":1},)" + head + R"("online":0}])");
}

TEST(TokenJson, WritesTheReadmesAnswer) {
    EXPECT_EQ(token_json("david", 2, "eyJ.x.y"), R"({"status":true,"name":"david","room_id":2,"token":"eyJ.x.y"})");
    EXPECT_EQ(token_json("\"", 2, ""), R"({"status":true,"name":"\"","room_id":2,"token":""})");
}

}  // namespace
}  // namespace globes::api
