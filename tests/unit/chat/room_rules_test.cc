#include "chat/room_rules.h"

#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace globes::chat {

// For readable failures.
static std::ostream& operator<<(std::ostream& out, const RoomRecord& record) {
    return out << record.id << " '" << record.title << "' '" << record.description << "' "
               << visibility_text(record.visibility) << " hash '" << record.password_hash << "' owned " << record.owned
               << " epoch " << record.token_epoch << " times " << record.created_at << ' ' << record.updated_at;
}

namespace {

using namespace std::string_literals;

constexpr std::string_view kNone = "";

/// The field that is refused with code 105; "" if the draft is accepted.
template <class T>
std::string_view refused_field(const Result<T>& result) {
    if (result) return kNone;
    EXPECT_EQ(result.error().code, ErrorCode::room_invalid_content);
    EXPECT_FALSE(result.error().field.empty());
    return result.error().field;
}

std::string repeat(std::string_view character, std::size_t count) {
    std::string text;
    for (std::size_t i = 0; i < count; ++i) text += character;
    return text;
}

RoomDraft public_draft(std::string title = "My chat room") {
    return {{.title = std::move(title), .visibility = "public"}};
}

RoomDraft private_draft(std::string password) {
    return {{.title = "My chat room", .visibility = "private", .password = std::move(password)}};
}

RoomRecord room(Visibility visibility) {
    return {.id = 7,
            .title = "Old title",
            .description = "Old description",
            .visibility = visibility,
            .password_hash = visibility == Visibility::public_room ? "" : "$2b$10$old",
            .owned = true,
            .token_epoch = 3,
            .created_at = 100,
            .updated_at = 200};
}

TEST(CheckDraft, AcceptsTheFirstExampleOfTheReadme) {
    const auto checked = check_draft({{.title = "My chat room",
                                       .description = "There are many like it, but this one is mine",
                                       .visibility = "public"}});
    ASSERT_TRUE(checked);
    EXPECT_EQ(checked->record, (RoomRecord{.title = "My chat room",
                                           .description = "There are many like it, but this one is mine",
                                           .visibility = Visibility::public_room,
                                           .password_hash = ""}));
    EXPECT_EQ(checked->password, std::nullopt);
    EXPECT_EQ(checked->owner_name, "");
}

TEST(CheckDraft, ReturnsThePasswordOfAProtectedRoomForHashing) {
    for (const auto& [text, visibility] :
         {std::pair{"private", Visibility::private_room}, std::pair{"hidden", Visibility::hidden_room}}) {
        const auto checked = check_draft({{.title = "Ours", .visibility = text, .password = "long enough"}});
        ASSERT_TRUE(checked) << text;
        EXPECT_EQ(checked->record.visibility, visibility);
        EXPECT_EQ(checked->record.password_hash, "");
        EXPECT_EQ(checked->record.token_epoch, 0U);
        EXPECT_EQ(checked->password, "long enough");
    }
}

TEST(CheckDraft, TitleAndVisibilityAreRequired) {
    EXPECT_EQ(refused_field(check_draft({})), "title");
    EXPECT_EQ(refused_field(check_draft({{.visibility = "public"}})), "title");
    EXPECT_EQ(refused_field(check_draft({{.title = "Ours"}})), "visibility");
}

TEST(CheckDraft, TitleRules) {
    const std::vector<std::pair<std::string, bool>> cases = {
        {"", false},
        {"x", false},
        {"xy", true},
        {"  x  ", false},
        {"   ", false},
        {repeat("x", 70), true},
        {repeat("x", 71), false},
        {repeat("🦄", 70), true},
        {repeat("🦄", 71), false},
        {"  " + repeat("x", 70) + "\n", true},
        {"12", false},
        {" 42 ", false},
        {"1234567890", false},
        {"42nd street", true},
        {"-42", true},
        {"4.2", true},
        {"٤٢", true},  // Arabic-Indic digits are not an id.
        {"a\nb", false},
        {"a\0b"s, false},
        {"a\x7F"s, false},
        {"a\xC2\x85z"s, false},
        {"a/b?c#d%20", true},
        {"Zażółć", true},
    };
    for (const auto& [title, allowed] : cases)
        EXPECT_EQ(refused_field(check_draft(public_draft(title))), allowed ? kNone : "title")
            << testing::PrintToString(title);
}

TEST(CheckDraft, ATitleThatClientsNormalizeAwayIsRefused) {
    EXPECT_EQ(refused_field(check_draft(public_draft(".."))), "title");
    EXPECT_EQ(refused_field(check_draft(public_draft("\u3000 .. "))), "title");
    EXPECT_EQ(refused_field(check_patch(room(Visibility::public_room), {.title = ".."})), "title");
    for (const auto* title : {"...", ". .", "..a", "a..", "%2e%2e", "../..", "．．", "/..", "..\\"})
        EXPECT_EQ(refused_field(check_draft(public_draft(title))), kNone) << title;
}

TEST(CheckPatch, AnExistingInvalidTitleIsKept) {
    EXPECT_TRUE(is_valid_title("..")) << "an import may contain it";
    RoomRecord old = room(Visibility::public_room);
    old.title = "..";
    const auto checked = check_patch(old, {.description = "New description"});
    ASSERT_TRUE(checked);
    EXPECT_EQ(checked->record.title, "..");
}

TEST(CheckDraft, TrimsTheTitle) {
    EXPECT_EQ(check_draft(public_draft(" \tTwo  words\xE3\x80\x80"))->record.title, "Two  words");
}

TEST(CheckDraft, DescriptionRules) {
    const std::vector<std::pair<std::string, bool>> cases = {
        {"", true},
        {repeat("x", 70), true},
        {repeat("x", 71), false},
        {repeat("日", 70), true},
        {repeat("日", 71), false},
        {"two\nlines", false},
        {"a\0b"s, false},
        {"42", true},
    };
    for (const auto& [description, allowed] : cases) {
        RoomDraft draft = public_draft();
        draft.description = description;
        EXPECT_EQ(refused_field(check_draft(draft)), allowed ? kNone : "description")
            << testing::PrintToString(description);
    }
}

TEST(CheckDraft, VisibilityIsOneOfThreeWordsInAnyCase) {
    for (const char* text : {"public", "PUBLIC", "Public"}) {
        RoomDraft draft = public_draft();
        draft.visibility = text;
        EXPECT_EQ(refused_field(check_draft(draft)), kNone) << text;
    }
    for (const char* text : {"", "open", " public", "public ", "publ\xC4\xB1\x63", "privat"}) {
        RoomDraft draft = public_draft();
        draft.visibility = text;
        EXPECT_EQ(refused_field(check_draft(draft)), "visibility") << text;
    }
}

TEST(CheckDraft, PasswordHasEightTo72BytesWithoutNul) {
    const std::vector<std::pair<std::string, bool>> cases = {
        {"", false},
        {"7 bytes", false},
        {"8 bytes!", true},
        {repeat("x", 72), true},
        {repeat("x", 73), false},
        {"żółć", true},             // 4 characters, 8 bytes.
        {repeat("日", 24), true},   // 72 bytes.
        {repeat("日", 25), false},  // 25 characters, 75 bytes.
        {"nul\0inside"s, false},
        {"line\nbreak", true},
    };
    for (const auto& [password, allowed] : cases)
        EXPECT_EQ(refused_field(check_draft(private_draft(password))), allowed ? kNone : "password")
            << testing::PrintToString(password);
}

TEST(CheckDraft, ProtectedRoomNeedsAPassword) {
    EXPECT_EQ(refused_field(check_draft({{.title = "Ours", .visibility = "private"}})), "password");
    EXPECT_EQ(refused_field(check_draft({{.title = "Ours", .visibility = "Hidden"}})), "password");
}

TEST(CheckDraft, APublicRoomHasNoPassword) {
    for (const char* password : {"long enough", "short", ""}) {
        RoomDraft draft = public_draft();
        draft.password = password;
        EXPECT_EQ(refused_field(check_draft(draft)), "visibility") << password;
    }
}

TEST(CheckDraft, ReportsTheFirstFaultInTheDocumentedOrder) {
    RoomDraft draft{{.title = "x", .description = "\n", .visibility = "open", .password = "short"}, true, "\n"};
    EXPECT_EQ(refused_field(check_draft(draft)), "title");
    draft.title = "Ours";
    EXPECT_EQ(refused_field(check_draft(draft)), "description");
    draft.description.reset();
    EXPECT_EQ(refused_field(check_draft(draft)), "visibility");
    draft.visibility = "hidden";
    EXPECT_EQ(refused_field(check_draft(draft)), "password");
    draft.password = "long enough";
    EXPECT_EQ(refused_field(check_draft(draft)), "name");
    draft.owner_name = "david";
    EXPECT_EQ(refused_field(check_draft(draft)), kNone);
}

TEST(CheckDraft, TheOwnersNameIsOwnerByDefault) {
    RoomDraft draft = public_draft();
    draft.owner = true;
    auto checked = check_draft(draft);
    ASSERT_TRUE(checked);
    EXPECT_TRUE(checked->record.owned);
    EXPECT_EQ(checked->owner_name, "owner");

    draft.owner_name = "david";
    checked = check_draft(draft);
    ASSERT_TRUE(checked);
    EXPECT_EQ(checked->owner_name, "david");
}

TEST(CheckDraft, OwnerNameFollowsTheRulesOfNames) {
    RoomDraft draft = public_draft();
    draft.owner = true;
    for (const std::string& name : {""s, "a\nb"s, repeat("x", 33)}) {
        draft.owner_name = name;
        EXPECT_EQ(refused_field(check_draft(draft)), "name") << testing::PrintToString(name);
    }
}

TEST(CheckDraft, NameOfARoomWithoutOwnerIsIgnored) {
    RoomDraft draft = public_draft();
    draft.owner_name = "";
    const auto checked = check_draft(draft);
    ASSERT_TRUE(checked);
    EXPECT_FALSE(checked->record.owned);
    EXPECT_EQ(checked->owner_name, "");
}

TEST(CheckPatch, AbsentFieldsDoNotChange) {
    for (const Visibility visibility : {Visibility::public_room, Visibility::private_room, Visibility::hidden_room}) {
        const auto checked = check_patch(room(visibility), {});
        ASSERT_TRUE(checked);
        EXPECT_EQ(checked->record, room(visibility));
        EXPECT_EQ(checked->new_password, std::nullopt);
        EXPECT_FALSE(checked->ends_tokens);
    }
}

TEST(CheckPatch, ChangesTextsWithoutEndingTokens) {
    const auto checked =
        check_patch(room(Visibility::private_room), {.title = " New title ", .description = "New description"});
    ASSERT_TRUE(checked);
    RoomRecord expected = room(Visibility::private_room);
    expected.title = "New title";
    expected.description = "New description";
    EXPECT_EQ(checked->record, expected);
    EXPECT_FALSE(checked->ends_tokens);
}

TEST(CheckPatch, ADescriptionCanBeCleared) {
    EXPECT_EQ(check_patch(room(Visibility::public_room), {.description = ""})->record.description, "");
}

TEST(CheckPatch, FollowsTheRulesOfNewRooms) {
    const RoomRecord current = room(Visibility::private_room);
    EXPECT_EQ(refused_field(check_patch(current, {.title = ""})), "title");
    EXPECT_EQ(refused_field(check_patch(current, {.title = "12"})), "title");
    EXPECT_EQ(refused_field(check_patch(current, {.description = repeat("x", 71)})), "description");
    EXPECT_EQ(refused_field(check_patch(current, {.visibility = "open"})), "visibility");
    EXPECT_EQ(refused_field(check_patch(current, {.visibility = ""})), "visibility");
    EXPECT_EQ(refused_field(check_patch(current, {.password = "short"})), "password");
}

/// A change of visibility or password, and its result.
struct Change {
    Visibility from;
    RoomPatch patch;
    std::string_view refused;  ///< The refused field; if it is empty, the members below apply.
    Visibility to;
    bool keeps_hash;
    bool hashes_password;
    bool ends_tokens;
};

TEST(CheckPatch, VisibilityAndPasswordChangeTogetherOrNotAtAll) {
    constexpr auto kPublic = Visibility::public_room;
    constexpr auto kPrivate = Visibility::private_room;
    constexpr auto kHidden = Visibility::hidden_room;
    const std::string password = "long enough";
    const std::vector<Change> changes = {
        {kPublic, {.visibility = "public"}, "", kPublic, true, false, false},
        {kPublic, {.visibility = "private"}, "password", {}, {}, {}, {}},
        {kPublic, {.visibility = "hidden"}, "password", {}, {}, {}, {}},
        {kPublic, {.visibility = "private", .password = password}, "", kPrivate, false, true, true},
        {kPublic, {.visibility = "hidden", .password = password}, "", kHidden, false, true, true},
        {kPublic, {.visibility = "hidden", .password = "short"}, "password", {}, {}, {}, {}},
        {kPublic, {.password = password}, "visibility", {}, {}, {}, {}},
        {kPublic, {.visibility = "public", .password = password}, "visibility", {}, {}, {}, {}},

        {kPrivate, {.visibility = "PRIVATE"}, "", kPrivate, true, false, false},
        {kPrivate, {.password = password}, "", kPrivate, true, true, true},
        {kPrivate, {.visibility = "private", .password = password}, "", kPrivate, true, true, true},
        {kPrivate, {.visibility = "hidden"}, "", kHidden, true, false, true},
        {kPrivate, {.visibility = "hidden", .password = password}, "", kHidden, true, true, true},
        {kPrivate, {.visibility = "public"}, "", kPublic, false, false, true},
        {kPrivate, {.visibility = "public", .password = password}, "visibility", {}, {}, {}, {}},
        {kPrivate, {.password = ""}, "password", {}, {}, {}, {}},

        {kHidden, {.visibility = "private"}, "", kPrivate, true, false, true},
        {kHidden, {.visibility = "public"}, "", kPublic, false, false, true},
        {kHidden, {.password = password}, "", kHidden, true, true, true},
    };
    for (const Change& change : changes) {
        SCOPED_TRACE(std::string(visibility_text(change.from)) + " -> " + change.patch.visibility.value_or("(same)") +
                     ", password " + change.patch.password.value_or("(none)"));
        const RoomRecord current = room(change.from);
        const auto checked = check_patch(current, change.patch);
        EXPECT_EQ(refused_field(checked), change.refused);
        if (!checked) continue;

        RoomRecord expected = current;
        expected.visibility = change.to;
        if (!change.keeps_hash) expected.password_hash.clear();
        if (change.ends_tokens) {
            EXPECT_NE(checked->record.token_epoch, current.token_epoch);
            expected.token_epoch = checked->record.token_epoch;
        }
        EXPECT_EQ(checked->record, expected);
        EXPECT_EQ(checked->new_password, change.hashes_password ? std::optional(password) : std::nullopt);
        EXPECT_EQ(checked->ends_tokens, change.ends_tokens);
    }
}

TEST(VisibilityText, IsReadBackUnchanged) {
    for (const Visibility visibility : {Visibility::public_room, Visibility::private_room, Visibility::hidden_room})
        EXPECT_EQ(visibility_from_text(visibility_text(visibility)), visibility);
    EXPECT_EQ(visibility_text(Visibility::hidden_room), "hidden");
}

}  // namespace
}  // namespace globes::chat
