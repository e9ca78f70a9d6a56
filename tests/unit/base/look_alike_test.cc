#include "base/look_alike.h"

#include <gtest/gtest.h>

#include <array>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/text.h"

namespace globes {
namespace {

bool look_alike(std::string_view one, std::string_view other) {
    const LookAlikeKeys a = LookAlikeKeys::of(one);
    const LookAlikeKeys b = LookAlikeKeys::of(other);
    return a.folded == b.folded || a.skeleton == b.skeleton;
}

struct Pair {
    const char* one;
    const char* other;
};

constexpr Pair kLookAlikes[] = {
    // Cyrillic
    {"paypal", "p\u0430ypal"},
    {"pay", "\u0440\u0430\u0443"},
    {"alice", "\u0430lice"},
    {"scope", "\u0455\u0441\u043E\u0440\u0435"},
    {"Hector", "\u041Dector"},
    {"Tom", "\u0422om"},
    {"Max", "\u041Cax"},
    {"eric", "\u0435ric"},
    {"joy", "\u0458oy"},
    {"xenia", "\u0445enia"},
    {"KATE", "\u041A\u0410\u0422\u0415"},
    {"BOB", "\u0412\u041E\u0412"},
    {"Yves", "\u04AEves"},
    // Greek
    {"Omar", "\u039Fmar"},
    {"nova", "n\u03BFva"},
    {"Zeta", "\u0396eta"},
    {"Anna", "\u0391nna"},
    {"vera", "\u03BDera"},
    {"Ivan", "\u0399van"},
    // Armenian, Cherokee, Lisu and others
    {"oscar", "\u0585scar"},
    {"nuno", "nu\u0578o"},
    {"DAVE", "\u13A0AVE"},
    {"Tim", "\uA4D4im"},
    {"lola", "l\u0D20la"},
    // digits and letters
    {"user1", "userl"},
    {"user1", "userI"},
    {"bob0", "bobO"},
    {"room01", "roomOl"},
    {"paypal", "paypaI"},
    {"paypal", "paypa1"},
    {"paypal", "paypa|"},
    {"corner", "comer"},
    // case
    {"david", "David"},
    {"david", "DAVID"},
    {"żółć", "ŻÓŁĆ"},
    {"σίσυφος", "ΣΊΣΥΦΟΣ"},
    {"иван", "ИВАН"},
    {"STRAẞE", "straße"},
    {"\u212Aate", "kate"},
    // spaces
    {"Ann Lee", "Ann  Lee"},
    {"Ann Lee", " Ann Lee"},
    {"Ann Lee", "Ann Lee "},
    {"Ann Lee", "Ann\u00A0Lee"},
    {"Ann Lee", "Ann\u3000Lee"},
    {"Ann Lee", "Ann\u2009\u2009Lee"},
    {"Ann Lee", "Ann\u2800Lee"},
    // invisible characters
    {"admin", "ad\u200Bmin"},
    {"admin", "\u200Dadmin"},
    {"admin", "admin\u200C"},
    {"admin", "ad\u00ADmin"},
    {"admin", "ad\u2060min"},
    {"admin", "\uFEFFadmin"},
    {"admin", "admin\uFE0F"},
    {"admin", "admin\u115F"},
    {"admin", "admin\U000E0061"},
    // bidi controls
    {"admin", "\u202Eadmin"},
    {"admin", "\u2066admin\u2069"},
    {"admin", "ad\u200Fmin"},
    {"admin", "ad\u061Cmin"},
    // compatibility forms
    {"admin", "\uFF41\uFF44\uFF4D\uFF49\uFF4E"},
    {"admin", "\U0001D41A\U0001D41D\U0001D426\U0001D422\U0001D427"},
    {"admin", "\u24D0\u24D3\u24DC\u24D8\u24DD"},
    {"fiona", "\uFB01ona"},
    {"user2", "user\u00B2"},
    {"\u30AB\u30CA", "\uFF76\uFF85"},
    {"\uAC00\uB098", "\u1100\u1161\u1102\u1161"},
    // combining characters
    {"Jos\u00E9", "Jose\u0301"},
    {"\u00C5sa", "A\u030Asa"},
    {"\u00C5sa", "\u212Bsa"},
    {"Nguy\u1EC5n", "Nguye\u0302\u0303n"},
    {"\u0439od", "\u0438\u0306od"},
};
static_assert(std::size(kLookAlikes) >= 60);

constexpr Pair kHonest[] = {
    {"anna", "anne"},
    {"anna", "hanna"},
    {"anna1", "anna2"},
    {"anna2", "anna22"},
    {"user 3", "user 8"},
    {"bob", "rob"},
    {"bob", "bop"},
    {"mia", "maja"},
    {"tom", "tim"},
    {"Ann Lee", "AnnLee"},
    {"Ann-Lee", "Ann Lee"},
    {"ann.lee", "annlee"},
    {"ann_lee", "annlee"},
    {"jose", "jos\u00E9"},
    {"muller", "m\u00FCller"},
    {"mueller", "m\u00FCller"},
    {"strasse", "stra\u00DFe"},
    {"o", "\u00F8"},
    {"soren", "s\u00F8ren"},
    {"zolc", "\u017C\u00F3\u0142\u0107"},
    {"nino", "ni\u00F1o"},
    {"angstrom", "\u00E5ngstrom"},
    {"caf\u00E9", "caf\u00E8"},
    {"\u010Dapek", "capek"},
    {"naive", "na\u00EFve"},
    {"\u0438\u0432\u0430\u043D", "\u0438\u0432\u0430\u043D\u0430"},
    {"\u0438\u0432\u0430\u043D", "\u044F\u043D"},
    {"\u0430\u043D\u043D\u0430", "anna"},
    {"\u0434\u0430\u0448\u0430", "\u043C\u0430\u0448\u0430"},
    {"\u0435\u043B\u0435\u043D\u0430", "\u0451\u043B\u043A\u0430"},
    {"\u0438\u0433\u043E\u0440\u044C", "\u0456\u0433\u043E\u0440"},
    {"\u03B5\u03BB\u03AD\u03BD\u03B7", "\u03B9\u03C9\u03AC\u03BD\u03BD\u03B7\u03C2"},
    {"\u03BC\u03B1\u03C1\u03AF\u03B1", "maria"},
    {"\u03BD\u03AF\u03BA\u03BF\u03C2", "nikos"},
    {"\u5F20\u4F1F", "\u5F20\u5A01"},
    {"\u738B\u82B3", "\u738B\u65B9"},
    {"\u674E\u5A1C", "\u674E\u90A3"},
    {"\u592A\u90CE", "\u72AC\u592A\u90CE"},
    {"\u672A\u592E", "\u672B\u592E"},
    {"\u3055\u304F\u3089", "\u3055\u304F\u3084"},
    {"\u3055\u304F\u3089", "\u30B5\u30AF\u30E9"},
    {"\u30BF\u30ED\u30A6", "\u30B8\u30ED\u30A6"},
    {"\uAE40\uBBFC\uC900", "\uAE40\uBBFC\uC900\uC544"},
    {"\uAE40\uBBFC\uC900", "\uC774\uBBFC\uC900"},
    {"\u0645\u062D\u0645\u062F", "\u0623\u062D\u0645\u062F"},
    {"\u0641\u0627\u0637\u0645\u0629", "\u0639\u0627\u0626\u0634\u0629"},
    {"\u0639\u0644\u064A", "\u0639\u0645\u0631"},
    {"\u05D3\u05D5\u05D3", "\u05D3\u05DF"},
    {"\u05E9\u05E8\u05D4", "\u05D7\u05E0\u05D4"},
    {"\u0930\u093E\u092E", "\u0930\u092E\u093E"},
    {"\u0905\u0928\u0941", "\u092E\u0928\u0941"},
    {"\u0986\u0996\u09BF", "\u09B0\u09BE\u0996\u09BF"},
    {"\u0B95\u0BAE\u0BB2\u0BCD", "\u0BB5\u0BBF\u0BAE\u0BB2\u0BCD"},
    {"\u0E2A\u0E21\u0E0A\u0E32\u0E22", "\u0E2A\u0E21\u0E2B\u0E0D\u0E34\u0E07"},
    {"\u10D2\u10D8\u10DD\u10E0\u10D2\u10D8", "\u10DC\u10D8\u10DC\u10DD"},
    {"\u0531\u0576\u056B", "\u054D\u0578\u0576\u0561"},
    {"\u12A0\u1260\u1260", "\u12A0\u1260\u1290"},
    {"Ayse", "Ay\u015Fe"},
    {"Nguy\u1EC5n", "Nguyen"},
    {"\u0110\u1EE9c", "Duc"},
    {"Lukasz", "\u0141ukasz"},
    {"🦄", "🐴"},
    {"🦄🦄", "🦄"},
    {"anna 🦄", "anna"},
    {"C#", "C++"},
    {"(x)", "[x]"},
    {"", "x"},
};
static_assert(std::size(kHonest) >= 60);

TEST(LookAlike, PairsThatAReaderTakesForTheSameTextCollide) {
    for (const auto& [one, other] : kLookAlikes) {
        EXPECT_TRUE(look_alike(one, other)) << one << ' ' << other;
        EXPECT_TRUE(look_alike(other, one)) << other << ' ' << one;
    }
}

TEST(LookAlike, HonestPairsInManyScriptsDoNotCollide) {
    for (const auto& [one, other] : kHonest) EXPECT_FALSE(look_alike(one, other)) << one << ' ' << other;
}

TEST(LookAlike, EachKeyFindsPairsThatTheOtherMisses) {
    const LookAlikeKeys lower = LookAlikeKeys::of("ian");
    EXPECT_EQ(LookAlikeKeys::of("IAN").folded, lower.folded);
    EXPECT_NE(LookAlikeKeys::of("IAN").skeleton, lower.skeleton);
    const LookAlikeKeys paypal = LookAlikeKeys::of("paypal");
    EXPECT_NE(LookAlikeKeys::of("paypaI").folded, paypal.folded);
    EXPECT_EQ(LookAlikeKeys::of("paypaI").skeleton, paypal.skeleton);
}

// The shorter path for ASCII must give what ICU gives. U+200B, which is removed, makes a text take the other one.
TEST(LookAlike, AsciiHasTheKeysThatIcuGivesIt) {
    std::mt19937 random(7);
    std::uniform_int_distribution<int> characters(0x20, 0x7E);
    for (int i = 0; i < 2000; ++i) {
        std::string text;
        for (int length = i % 33; length > 0; --length) text += static_cast<char>(characters(random));
        const LookAlikeKeys ascii = LookAlikeKeys::of(text);
        const LookAlikeKeys wide = LookAlikeKeys::of(text + "\u200B");
        EXPECT_EQ(ascii.folded, wide.folded) << text;
        EXPECT_EQ(ascii.skeleton, wide.skeleton) << text;
        EXPECT_EQ(visible_text(text), visible_text("\u200B" + text)) << text;
        EXPECT_EQ(is_misleading(text), is_misleading(text + "\u200B")) << text;
    }
}

TEST(LookAlike, VisibleTextHasSingleSpacesBetweenItsWords) {
    EXPECT_EQ(visible_text("  Ann \t Lee "), "Ann Lee");
    EXPECT_EQ(visible_text("\u3000Ann\u00A0\u2800Lee\u200B"), "Ann Lee");
    EXPECT_EQ(visible_text("a\u00A8"), "a \u0308") << "a diaeresis of its own is a space with a combining one";
    EXPECT_EQ(visible_text("\u200B \u00AD"), "");
    EXPECT_EQ(visible_text(""), "");
    EXPECT_GT(visible_text("\uFDFA").size(), 30U) << "one character may become eighteen";
}

void append_utf8(std::string& text, unsigned point) {
    const auto append = [&text](unsigned byte) { text += static_cast<char>(byte); };
    if (point < 0x80) return append(point);
    if (point < 0x800)
        append(0xC0 | point >> 6);
    else
        append(0xE0 | point >> 12), append(0x80 | (point >> 6 & 0x3F));
    append(0x80 | (point & 0x3F));
}

TEST(LookAlike, VisibleTextIsItsOwnVisibleText) {
    struct Range {
        unsigned first;
        unsigned last;
    };
    const std::vector<Range> ranges = {{0x20, 0x7E},     {0xA0, 0x24F},    {0x300, 0x36F},
                                       {0x370, 0x52F},   {0x600, 0x6FF},   {0x1100, 0x11FF},
                                       {0x2000, 0x206F}, {0xFB00, 0xFDFF}, {0xFE00, 0xFFFD}};
    std::mt19937 random(11);
    for (int i = 0; i < 3000; ++i) {
        std::string text;
        for (int length = i % 33; length > 0; --length) {
            const auto [first, last] = ranges[random() % ranges.size()];
            append_utf8(text, std::uniform_int_distribution(first, last)(random));
        }
        ASSERT_TRUE(is_valid_utf8(text));
        const std::string visible = visible_text(text);
        EXPECT_TRUE(is_valid_utf8(visible));
        EXPECT_EQ(visible_text(visible), visible) << text;
        EXPECT_TRUE(look_alike(text, visible)) << text;
    }
}

TEST(LookAlike, InvisibleTextsAndBidiControlsMislead) {
    for (const char* text :
         {" ", "\u200B", "\u00AD\u2060", "\u3164", "\u2800", "\u00A0 \u3000", "\uFE0F", "\u180E", "\u0301",
          "\u200B\u0334", "\u202Eann", "ann\u202C", "\u2066a", "a\u200Fb", "a\u061Cb", "\u200E"})
        EXPECT_TRUE(is_misleading(text)) << testing::PrintToString(text);
    // Joiners belong to the spelling in some scripts, and to emoji.
    for (const char* text :
         {"a", " a ", "e\u0301", "\u0645\u06CC\u200C\u062E\u0648\u0627\u0647\u0645", "👩\u200D🚀", "👍\uFE0F", "☂"})
        EXPECT_FALSE(is_misleading(text)) << text;
}

TEST(LookAlike, ManyThreadsMayAskAtOnce) {
    const auto ask = [] {
        for (int n = 0; n < 200; ++n) EXPECT_TRUE(look_alike("paypal", "p\u0430ypal"));
    };
    std::array<std::thread, 4> threads;
    for (std::thread& thread : threads) thread = std::thread(ask);
    for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace globes
