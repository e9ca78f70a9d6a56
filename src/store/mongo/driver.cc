#include "store/mongo/driver.h"

#include <bson/bson.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>
#include <stdexcept>
#include <string_view>

namespace globes::store::mongo {
namespace {

// Constants of the wire protocol.
constexpr std::int32_t kOpMsg = 2013;
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

/// Also checks the lengths of embedded documents, which bson_validate does not.
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

/// Whether all fields of a document, or items of an array, pass the check.
bool all_in(const bson_iter_t& field, Check check) {
    bson_iter_t item;
    if (!bson_iter_recurse(&field, &item)) return false;
    while (bson_iter_next(&item))
        if (!check(item)) return false;
    return true;
}

bool is_text(const bson_iter_t& field) { return BSON_ITER_HOLDS_UTF8(&field); }
bool is_document_field(const bson_iter_t& field) { return BSON_ITER_HOLDS_DOCUMENT(&field); }

/// The code of an error is not 0, in the 32 bits that the driver keeps of it.
bool is_code(const bson_iter_t& field) {
    return !BSON_ITER_HOLDS_NUMBER(&field) || static_cast<std::uint32_t>(bson_iter_as_int64(&field)) != 0;
}

/// `<database>.<collection>`, up to the first NUL.
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

/// Without a namespace, the driver can neither get more of the cursor nor close it.
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
    // In the reply to a hello: addresses, and the names of compressors.
    if (name == "hosts" || name == "passives" || name == "arbiters" || name == "compression")
        return !BSON_ITER_HOLDS_ARRAY(&field) || all_in(field, is_text);
    return name != "speculativeAuthenticate" || BSON_ITER_HOLDS_DOCUMENT(&field);
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

/// The document of an OP_MSG, after its header.
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

std::int32_t opcode_of(const void* message) {
    std::int32_t opcode = 0;
    std::memcpy(&opcode, static_cast<const std::uint8_t*>(message) + kOpcodeAt, sizeof opcode);
    return opcode;
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

void set_times(mongoc_uri_t* uri, const MongoTimes& times) {
    const auto set = [uri](const char* option, std::chrono::milliseconds time) {
        mongoc_uri_set_option_as_int32(uri, option, static_cast<std::int32_t>(time.count()));
    };
    set(MONGOC_URI_SERVERSELECTIONTIMEOUTMS, times.selection);
    set(MONGOC_URI_CONNECTTIMEOUTMS, times.connect);
    set(MONGOC_URI_SOCKETTIMEOUTMS, times.socket);
}

/// The guarantees of chat::Store need these values, whatever the URI says.
void set_guarantees(mongoc_uri_t* uri) {
    mongoc_write_concern_t* write = mongoc_write_concern_new();
    mongoc_write_concern_set_w(write, MONGOC_WRITE_CONCERN_W_MAJORITY);
    mongoc_write_concern_set_journal(write, true);
    mongoc_uri_set_write_concern(uri, write);
    mongoc_write_concern_destroy(write);
    // A read must not return a document that a fail-over can still roll back.
    mongoc_read_concern_t* read = mongoc_read_concern_new();
    mongoc_read_concern_set_level(read, MONGOC_READ_CONCERN_LEVEL_MAJORITY);
    mongoc_uri_set_read_concern(uri, read);
    mongoc_read_concern_destroy(read);
    mongoc_read_prefs_t* prefs = mongoc_read_prefs_new(MONGOC_READ_PRIMARY);
    mongoc_uri_set_read_prefs_t(uri, prefs);
    mongoc_read_prefs_destroy(prefs);
    // Session::find repeats a read: the driver leaks a part of the reply if it finds no server for its own retry.
    mongoc_uri_set_option_as_bool(uri, MONGOC_URI_RETRYREADS, false);
}

// The driver is initialized before main() and keeps its counters in a file of /dev/shm. A killed process leaves that
// file there, and a later process with the same process id prints an error about it on stderr, whatever store it uses.
// The driver is linked statically, so this constructor must run first: 101 is the first priority that a program may
// use.
[[gnu::constructor(101)]] void keep_driver_out_of_shared_memory() {
    constexpr int kNoOverwrite = 0;
    ::setenv("MONGOC_DISABLE_SHM", "1", kNoOverwrite);
}

// The opcode of this thread's last request: a reply must have the same form.
thread_local std::int32_t request_opcode = 0;

/// Checks an OP_REPLY whose body the driver reads after the header, so that no earlier hook sees its bytes.
bool check_reply(const bson_t& answer, bson_error_t* error) {
    if (request_opcode == kOpMsg || is_valid_reply({bson_get_data(&answer), answer.len})) return true;
    bson_set_error(error, MONGOC_ERROR_PROTOCOL, MONGOC_ERROR_PROTOCOL_INVALID_REPLY, "malformed reply of the server");
    return false;
}

void start_driver() {
    static const bool is_started = [] {
        mongoc_init();
        // The driver would log to stderr in its own format; its calls also return the errors.
        mongoc_log_set_handler(nullptr, nullptr);
        return true;
    }();
    static_cast<void>(is_started);
}

}  // namespace

// The linker redirects the driver's calls of these functions to this file (CMakeLists.txt), so that replies are checked
// before the driver parses them. Weak: another version of the driver may not have these functions.
extern "C" {
// NOLINTBEGIN(bugprone-reserved-identifier, readability-identifier-naming): the names are the linker's.
[[gnu::weak]] void __real__mongoc_rpc_gather(void* rpc, void* array);
void __wrap__mongoc_rpc_gather(void* rpc, void* array) {
    request_opcode = opcode_of(rpc);
    __real__mongoc_rpc_gather(rpc, array);
}
[[gnu::weak]] bool __real__mongoc_rpc_scatter_reply_header_only(void* rpc, const std::uint8_t* bytes, std::size_t size);
bool __wrap__mongoc_rpc_scatter_reply_header_only(void* rpc, const std::uint8_t* bytes, std::size_t size) {
    return is_valid_reply_header({bytes, size}) && __real__mongoc_rpc_scatter_reply_header_only(rpc, bytes, size);
}
[[gnu::weak]] bool __real__mongoc_rpc_scatter(void* rpc, const std::uint8_t* bytes, std::size_t size);
bool __wrap__mongoc_rpc_scatter(void* rpc, const std::uint8_t* bytes, std::size_t size) {
    return is_valid_reply_to(request_opcode, {bytes, size}) && __real__mongoc_rpc_scatter(rpc, bytes, size);
}
[[gnu::weak]] bool __real__mongoc_cmd_check_ok(const bson_t* answer, std::int32_t version, bson_error_t* error);
bool __wrap__mongoc_cmd_check_ok(const bson_t* answer, std::int32_t version, bson_error_t* error) {
    return check_reply(*answer, error) && __real__mongoc_cmd_check_ok(answer, version, error);
}
[[gnu::weak]] bool __real__mongoc_cmd_check_ok_no_wce(const bson_t* answer, std::int32_t version, bson_error_t* error);
bool __wrap__mongoc_cmd_check_ok_no_wce(const bson_t* answer, std::int32_t version, bson_error_t* error) {
    return check_reply(*answer, error) && __real__mongoc_cmd_check_ok_no_wce(answer, version, error);
}
// NOLINTEND(bugprone-reserved-identifier, readability-identifier-naming)
}

ConnectionPool::ConnectionPool(const std::string& uri, const MongoTimes& times) {
    start_driver();
    const std::unique_ptr<mongoc_uri_t, decltype(&mongoc_uri_destroy)> parsed(mongoc_uri_new(uri.c_str()),
                                                                              mongoc_uri_destroy);
    if (parsed == nullptr) throw std::runtime_error("is not a valid connection string");
    // Replies are checked before the driver decompresses them, so they must not be compressed.
    mongoc_uri_set_compressors(parsed.get(), nullptr);
    set_times(parsed.get(), times);
    set_guarantees(parsed.get());
    bson_error_t error;
    pool_.reset(mongoc_client_pool_new_with_error(parsed.get(), &error));
    if (pool_ == nullptr) throw std::runtime_error(error.message);
    mongoc_client_pool_set_error_api(pool_.get(), MONGOC_ERROR_API_VERSION_2);
    mongoc_client_pool_set_appname(pool_.get(), "globes");
}

}  // namespace globes::store::mongo
