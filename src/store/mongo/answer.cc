#include "store/mongo/answer.h"

#include <bson/bson.h>

#include <cstddef>
#include <cstring>
#include <string_view>

namespace globes::store::mongo {
namespace {

// Of the wire protocol.
constexpr std::int32_t kOpReply = 1;
constexpr std::size_t kMessageHeaderBytes = 16;
constexpr std::size_t kOpcodeAt = 12;
constexpr std::size_t kReplyHeaderBytes = 36;
constexpr std::int32_t kMaxMessageBytes = 48'000'000;
constexpr std::uint32_t kHasChecksum = 1;
constexpr std::size_t kChecksumBytes = 4;

// Servers let documents be nested up to 200 deep.
constexpr int kMaxDepth = 250;

std::int32_t int32_at(std::span<const std::uint8_t> bytes, std::size_t at) {
    std::uint32_t value = 0;
    std::memcpy(&value, bytes.data() + at, sizeof value);
    return static_cast<std::int32_t>(BSON_UINT32_FROM_LE(value));
}

/// bson_validate passes over a document in it whose length is wrong.
bool is_document(std::span<const std::uint8_t> bytes, int depth = 0) {
    bson_t document;
    bson_iter_t field;
    if (depth > kMaxDepth || !bson_init_static(&document, bytes.data(), bytes.size()) ||
        !bson_iter_init(&field, &document))
        return false;
    while (bson_iter_next(&field)) {
        std::uint32_t length = 0;
        const std::uint8_t* data = nullptr;
        if (BSON_ITER_HOLDS_DOCUMENT(&field))
            bson_iter_document(&field, &length, &data);
        else if (BSON_ITER_HOLDS_ARRAY(&field))
            bson_iter_array(&field, &length, &data);
        else
            continue;
        if (data == nullptr || !is_document({data, length}, depth + 1)) return false;
    }
    return field.err_off == 0;
}

using Check = bool (*)(const bson_iter_t& field);

/// Of a document or an array.
bool all_in(const bson_iter_t& field, Check check) {
    bson_iter_t item;
    if (!bson_iter_recurse(&field, &item)) return false;
    while (bson_iter_next(&item))
        if (!check(item)) return false;
    return true;
}

bool is_text(const bson_iter_t& field) { return BSON_ITER_HOLDS_UTF8(&field); }
bool is_document_field(const bson_iter_t& field) { return BSON_ITER_HOLDS_DOCUMENT(&field); }

/// No error has the code 0, in the 32 bits that the driver keeps of it.
bool is_code(const bson_iter_t& field) {
    return !BSON_ITER_HOLDS_NUMBER(&field) || static_cast<std::uint32_t>(bson_iter_as_int64(&field)) != 0;
}

/// Names a database and a collection, up to the first NUL.
bool is_name_space(const bson_iter_t& field) {
    if (!is_text(field)) return false;
    const std::string_view name = bson_iter_utf8(&field, nullptr);
    const std::size_t dot = name.find('.');
    return dot != std::string_view::npos && dot > 0 && dot + 1 < name.size();
}

bool is_in_cursor(const bson_iter_t& field) {
    const std::string_view name = bson_iter_key(&field);
    if (name == "ns") return is_name_space(field);
    if (name == "firstBatch" || name == "nextBatch")
        return BSON_ITER_HOLDS_ARRAY(&field) && all_in(field, is_document_field);
    return true;
}

/// Without a namespace the driver could not ask it for more, nor close it.
bool is_cursor(const bson_iter_t& field) {
    bson_iter_t cursor;
    return bson_iter_recurse(&field, &cursor) && bson_iter_find(&cursor, "ns") && all_in(field, is_in_cursor);
}

bool is_in_write_error(const bson_iter_t& field) {
    return std::string_view(bson_iter_key(&field)) != "errmsg" || is_text(field);
}

bool is_write_error(const bson_iter_t& item) {
    return !BSON_ITER_HOLDS_DOCUMENT(&item) || all_in(item, is_in_write_error);
}

bool is_in_write_concern_error(const bson_iter_t& field) {
    return std::string_view(bson_iter_key(&field)) == "code" ? is_code(field) : is_in_write_error(field);
}

bool is_in_reply(const bson_iter_t& field) {
    const std::string_view name = bson_iter_key(&field);
    if (name == "code") return is_code(field);
    if (name == "cursor") return !BSON_ITER_HOLDS_DOCUMENT(&field) || is_cursor(field);
    if (name == "writeErrors") return !BSON_ITER_HOLDS_ARRAY(&field) || all_in(field, is_write_error);
    if (name == "writeConcernError")
        return BSON_ITER_HOLDS_DOCUMENT(&field) && all_in(field, is_in_write_concern_error);
    if (name == "errorLabels") return BSON_ITER_HOLDS_ARRAY(&field);
    // Of the answer to a hello: addresses, and the names of compressors.
    if (name == "hosts" || name == "passives" || name == "arbiters" || name == "compression")
        return !BSON_ITER_HOLDS_ARRAY(&field) || all_in(field, is_text);
    return name != "speculativeAuthenticate" || BSON_ITER_HOLDS_DOCUMENT(&field);
}

/// The documents of a message behind its header.
bool is_body(std::span<const std::uint8_t> message) {
    constexpr std::size_t kSectionAt = kMessageHeaderBytes + 4;
    if (message.size() < kSectionAt + 1 || message[kSectionAt] != 0) return false;
    auto rest = message.subspan(kSectionAt + 1);
    if ((static_cast<std::uint32_t>(int32_at(message, kMessageHeaderBytes)) & kHasChecksum) != 0) {
        if (rest.size() < kChecksumBytes) return false;
        rest = rest.first(rest.size() - kChecksumBytes);
    }
    return is_valid_reply(rest);
}

}  // namespace

std::int32_t opcode_of(const void* message) {
    std::int32_t opcode = 0;
    std::memcpy(&opcode, static_cast<const std::uint8_t*>(message) + kOpcodeAt, sizeof opcode);
    return opcode;
}

bool is_valid_reply(std::span<const std::uint8_t> bytes) {
    bson_t document;
    bson_iter_t field;
    if (!is_document(bytes) || !bson_init_static(&document, bytes.data(), bytes.size()) ||
        !bson_iter_init(&field, &document))
        return false;
    while (bson_iter_next(&field))
        if (!is_in_reply(field)) return false;
    return true;
}

bool is_valid_reply_header(std::span<const std::uint8_t> bytes) {
    constexpr std::int32_t kSmallestDocument = 5;
    if (bytes.size() < kReplyHeaderBytes || int32_at(bytes, kOpcodeAt) != kOpReply) return false;
    const std::int32_t length = int32_at(bytes, 0);
    return length >= static_cast<std::int32_t>(kReplyHeaderBytes) + kSmallestDocument && length <= kMaxMessageBytes;
}

bool is_valid_reply_to(std::int32_t request_opcode, std::span<const std::uint8_t> message) {
    if (message.size() < kMessageHeaderBytes) return false;
    const std::int32_t opcode = int32_at(message, kOpcodeAt);
    if (request_opcode == kOpMsg) return opcode == kOpMsg && is_body(message);
    return opcode == kOpReply && message.size() > kReplyHeaderBytes &&
           is_valid_reply(message.subspan(kReplyHeaderBytes));
}

}  // namespace globes::store::mongo
