// Reads JSON objects from files, with anything around them, and reports files of other formats.
#include "maintenance/document_reader.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <stdexcept>
#include <thread>
#include <vector>

namespace globes::maintenance {
namespace {

using namespace std::string_literals;
using testing::ElementsAre;
using testing::IsEmpty;

struct Read {
    std::vector<std::string> objects;
    std::vector<std::string> places;
    std::string fault;
};

Read read_all(int fd) {
    Read read;
    DocumentReader reader(fd, "in");
    try {
        while (const auto object = reader.next()) {
            read.objects.emplace_back(*object);
            read.places.push_back(reader.place());
        }
    } catch (const std::runtime_error& error) {
        read.fault = error.what();
    }
    ::close(fd);
    return read;
}

Read read_text(std::string_view text) {
    const int fd = ::memfd_create("in", MFD_CLOEXEC);
    EXPECT_EQ(::pwrite(fd, text.data(), text.size(), 0), std::ssize(text));
    return read_all(fd);
}

std::string fault_of(std::string_view text) { return read_text(text).fault; }

TEST(DocumentReader, FindsObjectsOneALine) {
    const Read read = read_text("{\"a\":1}\n{\"a\":2}\r\n\n{\"a\":3}");
    EXPECT_EQ(read.fault, "");
    EXPECT_THAT(read.objects, ElementsAre(R"({"a":1})", R"({"a":2})", R"({"a":3})"));
    EXPECT_THAT(read.places, ElementsAre("in: entry 1 (line 1)", "in: entry 2 (line 2)", "in: entry 3 (line 4)"));
}

TEST(DocumentReader, FindsTheItemsOfAnArray) {
    EXPECT_THAT(read_text(R"([{"a":1},{"a":2}])").objects, ElementsAre(R"({"a":1})", R"({"a":2})"));
    const Read read = read_text("[\n  {\n  \"a\": [1, {\"b\": 2}]\n  },\n  {}\n]\n");
    EXPECT_THAT(read.objects, ElementsAre("{\n  \"a\": [1, {\"b\": 2}]\n  }", "{}"));
    EXPECT_THAT(read.places, ElementsAre("in: entry 1 (line 2)", "in: entry 2 (line 5)"));
    EXPECT_EQ(read.fault, "");
    EXPECT_EQ(read_text("[]").fault, "");
}

TEST(DocumentReader, ReadsConcatenatedFiles) {
    EXPECT_THAT(read_text("[{\"a\":1}]\n[{\"a\":2}]{\"a\":3}{\"a\":4}").objects,
                ElementsAre(R"({"a":1})", R"({"a":2})", R"({"a":3})", R"({"a":4})"));
}

TEST(DocumentReader, BracketsInTextsAreIgnored) {
    const std::string object = R"({"a":"}]\"}{[\\","{":"\\\""})";
    EXPECT_THAT(read_text("[" + object + "," + object + "]").objects, ElementsAre(object, object));
}

TEST(DocumentReader, AnEmptyFileHasNoObjects) {
    EXPECT_THAT(read_text("").objects, IsEmpty());
    EXPECT_EQ(fault_of(""), "");
    EXPECT_EQ(fault_of(" \n\n\t"), "");
}

TEST(DocumentReader, SkipsAByteOrderMark) {
    EXPECT_THAT(read_text("\xEF\xBB\xBF{\"a\":1}").objects, ElementsAre(R"({"a":1})"));
    EXPECT_THAT(read_text("\xEF\xBB\xBF[{}]").objects, ElementsAre("{}"));
    EXPECT_EQ(fault_of("\xEF\xBB\xBF"), "");
}

TEST(DocumentReader, ReportsTheEncodingOfOtherFiles) {
    EXPECT_EQ(fault_of("\xFF\xFE{\0\"\0"s), "in: is UTF-16, must be UTF-8");
    EXPECT_EQ(fault_of("\0{\0\"\0a"s), "in: is UTF-16, must be UTF-8");
    EXPECT_EQ(fault_of("\x4B\0\0\0\x07_id\0"s),
              "in: is BSON, as mongodump writes it: convert it to JSON with bsondump first");
    EXPECT_EQ(fault_of("\x7B\x22\0\0\x07_id\0"s), fault_of("\x4B\0\0\0\x07_id\0"s)) << "whatever its length";
    EXPECT_EQ(fault_of("{\0\0\0\n\0\0\0"s), "in: is UTF-32, must be UTF-8");
    EXPECT_EQ(fault_of("\x1F\x8B\x08\x00"s), "in: is compressed: decompress it with gunzip first");
    for (const std::string& text : {"_id,title\n1,x\n"s, "null"s, "\"text\""s, "42"s, "]"s, ",{}"s, "[[{}]]"s, "[1]"s,
                                    "}"s, "{} x"s, "[,{}]"s, "[{},]"s, "[{},,{}]"s, "\x16\x00\x00\x00\x02"s})
        EXPECT_THAT(fault_of(text), testing::HasSubstr("line 1: not a JSON object")) << text;
    EXPECT_EQ(fault_of("[{}\n{}]"), "in: line 2: a comma is missing after the previous entry");
}

TEST(DocumentReader, ReportsATruncatedFile) {
    EXPECT_EQ(fault_of("{}\n{\"a\":[1,"), "in: line 2: the file is truncated in this entry");
    EXPECT_EQ(fault_of("{\"a\":\"open"), "in: line 1: the file is truncated in this entry");
    EXPECT_EQ(fault_of("{\"a\":\"\\"), "in: line 1: the file is truncated in this entry");
    EXPECT_EQ(fault_of("[{},\n{}\n"), "in: line 3: the array has no end: the file is truncated");
    EXPECT_EQ(fault_of("["), "in: line 1: the array has no end: the file is truncated");
}

TEST(DocumentReader, AnObjectThatIsTooLongIsNotReadCompletely) {
    std::string text = "{}\n{\"a\":\"";
    text.resize(DocumentReader::kMaxDocumentBytes + (std::size_t{4} << 20), 'x');
    EXPECT_EQ(fault_of(text), "in: line 2: is longer than 33554432 bytes");
    text = R"({"a":")";
    text.resize(DocumentReader::kMaxDocumentBytes - 2, 'x');
    text += "\"}";
    EXPECT_THAT(read_text(text + text).objects, ElementsAre(text, text)) << "the maximum length";
}

TEST(DocumentReader, DeepNestingNeedsNoStack) {
    std::string text = "{\"a\":";
    text.append(5'000'000, '[').append(5'000'000, ']').append("}{}");
    EXPECT_EQ(read_text(text).objects.size(), 2u);
    EXPECT_EQ(fault_of(std::string(1'000'000, '{')), "in: line 1: the file is truncated in this entry");
}

TEST(DocumentReader, ObjectsMaySpanPiecesOfAnySize) {
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe(ends.data()), 0);
    const std::string text = "\xEF\xBB\xBF[{\"a\":\"\\\"}\"},\n{\"b\":{}}]";
    std::thread writer([&] {
        for (const char byte : text) {
            EXPECT_EQ(::write(ends[1], &byte, 1), 1);
            std::this_thread::yield();
        }
        ::close(ends[1]);
    });
    EXPECT_THAT(read_all(ends[0]).objects, ElementsAre(R"({"a":"\"}"})", R"({"b":{}})"));
    writer.join();

    std::string many;
    std::vector<std::string> expected;
    for (int i = 0; i < 5000; ++i) {
        expected.push_back("{\"a\":\"" + std::string(static_cast<std::size_t>(i * 7919 % 500), 'x') + "\"}");
        many += (i == 0 ? "[" : ",\n") + expected.back();
    }
    EXPECT_EQ(read_text(many + "]").objects, expected) << "across the pieces in which files are read";
}

TEST(DocumentReader, AFolderCanNotBeRead) {
    EXPECT_EQ(read_all(::open("/", O_RDONLY | O_CLOEXEC)).fault, "in: cannot be read: Is a directory");
}

}  // namespace
}  // namespace globes::maintenance
