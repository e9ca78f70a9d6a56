#include "store/mongo/session.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace globes::store::mongo {
namespace {

/// Errors of a server that stopped being the primary or shuts down: it may have applied the call before that.
///
/// The error label `RetryableWriteError` says the same, but servers and the driver add it only to the replies of
/// retryable writes, that is on replica sets and sharded clusters. A standalone MongoDB, FerretDB and mongo-java-server
/// do not send labels, and reads and plain commands do not get any, so these codes are needed too.
struct StateChange {
    std::uint32_t code;
    std::string_view name;
};
constexpr std::array<StateChange, 9> kStateChanges = {{
    {91, "ShutdownInProgress"},
    {189, "PrimarySteppedDown"},
    {317, "ConnectionPoolExpired"},
    {10'058, "LegacyNotPrimary"},
    {10'107, "NotWritablePrimary"},
    {11'600, "InterruptedAtShutdown"},
    {11'602, "InterruptedDueToReplStateChange"},
    {13'435, "NotPrimaryNoSecondaryOk"},
    {13'436, "NotPrimaryOrSecondary"},
}};

bool is_state_change(std::uint32_t code) {
    return std::ranges::find(kStateChanges, code, &StateChange::code) != kStateChanges.end();
}

class Reply {
public:
    Reply() { bson_init(&bson_); }
    ~Reply() { bson_destroy(&bson_); }
    Reply(const Reply&) = delete;
    Reply& operator=(const Reply&) = delete;
    /// For the driver, which overwrites it.
    bson_t* out() { return &bson_; }
    DocumentView view() const { return DocumentView(bson_); }

private:
    bson_t bson_;
};

bool is_never_sent(const bson_error_t& error) {
    switch (error.domain) {
        case MONGOC_ERROR_SERVER_SELECTION:
        case MONGOC_ERROR_CLIENT:
        case MONGOC_ERROR_SASL:
        case MONGOC_ERROR_SCRAM:
            return true;
        case MONGOC_ERROR_STREAM:
            return error.code == MONGOC_ERROR_STREAM_CONNECT || error.code == MONGOC_ERROR_STREAM_NAME_RESOLUTION;
        default:
            return false;
    }
}

/// Whether the server replied with an error. Any other error, such as a malformed reply, leaves the outcome open.
bool is_server_error(const bson_error_t& error) {
    const bool is_of_server = error.domain == MONGOC_ERROR_SERVER || error.domain == MONGOC_ERROR_COMMAND;
    // The driver uses this code if the server sent no code.
    return is_of_server && error.code != MONGOC_ERROR_PROTOCOL_ERROR;
}

/// `reply` carries the error labels.
WriteStatus status_of(const bson_error_t& error, const DocumentView& reply) {
    if (is_never_sent(error)) return WriteStatus::not_applied;
    if (!is_server_error(error) || mongoc_error_has_label(&reply.get(), "RetryableWriteError"))
        return WriteStatus::unknown;
    if (error.code == MONGOC_ERROR_DUPLICATE_KEY) return WriteStatus::duplicate_key;
    return is_state_change(error.code) ? WriteStatus::unknown : WriteStatus::rejected;
}

/// Whether the same read may succeed on a new connection: this one broke, its reply was malformed, or its server is not
/// the primary any more.
bool is_transient(const DatabaseError& error) {
    if (error.domain() == MONGOC_ERROR_STREAM || error.domain() == MONGOC_ERROR_PROTOCOL) return true;
    return error.domain() == MONGOC_ERROR_SERVER && is_state_change(error.code());
}

constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_$.-";

/// The prefix of `text` that can be the name of a command, a field, a collection or an index.
std::string_view name_in(std::string_view text) { return text.substr(0, text.find_first_not_of(kLetters)); }

/// MongoDB's text for a duplicate key names the collection and the index before it quotes the key. Any other text may
/// be a part of the key.
std::string redacted_duplicate_key(std::string_view message) {
    constexpr std::string_view kPrefix = "E11000 duplicate key error collection: ";
    constexpr std::string_view kIndex = " index: ";
    const std::size_t begin = message.find(kPrefix);
    if (begin == std::string_view::npos) return "duplicate key";
    const std::string_view rest = message.substr(begin + kPrefix.size());
    const std::string_view collection = name_in(rest);
    if (!collection.contains('.')) return "duplicate key";
    std::string redacted = fmt::format("{}{}", kPrefix, collection);
    const std::string_view behind = rest.substr(collection.size());
    if (behind.starts_with(kIndex)) redacted += fmt::format("{}{}", kIndex, name_in(behind.substr(kIndex.size())));
    return redacted;
}

/// Where the server starts to quote a document or a text. An apostrophe within a word is not a quotation mark.
std::size_t quotation_in(std::string_view message) {
    for (std::size_t at = message.find_first_of("{\"'`"); at != std::string_view::npos;
         at = message.find_first_of("{\"'`", at + 1))
        if (message[at] != '\'' || at == 0 || !kLetters.contains(message[at - 1])) return at;
    return message.size();
}

/// Texts of the driver itself name only hosts, commands and the database.
bool is_of_driver(std::uint32_t domain) {
    return domain == MONGOC_ERROR_STREAM || domain == MONGOC_ERROR_SERVER_SELECTION || domain == MONGOC_ERROR_PROTOCOL;
}

/// The text for the log and the operator. A text of the server may quote a command or a key, and with it a user's
/// message. Of a quotation, only the name of the first field is kept, which is the name of the command.
std::string redacted(const bson_error_t& error) {
    const std::string_view message = error.message;
    if (is_of_driver(error.domain)) return std::string(message);
    if (error.code == MONGOC_ERROR_DUPLICATE_KEY) return redacted_duplicate_key(message);
    const std::size_t quotation = quotation_in(message);
    if (quotation == message.size()) return std::string(message);
    const std::string before(message.substr(0, quotation));
    constexpr std::string_view kBrace = "{ ";
    const std::string_view quoted = message.substr(quotation);
    if (!quoted.starts_with(kBrace)) return before + "...";
    const std::string_view name = name_in(quoted.substr(kBrace.size()));
    const bool is_name = !name.empty() && quoted.substr(kBrace.size() + name.size()).starts_with(": ");
    return before + (is_name ? fmt::format("{{ {}: ... }}", name) : "{ ... }");
}

DatabaseError database_error(const bson_error_t& error) { return {redacted(error), error.domain, error.code}; }

bool is_array_filled(const DocumentView& reply, const char* key) {
    bson_iter_t field;
    bson_iter_t item;
    return bson_iter_init_find(&field, &reply.get(), key) && BSON_ITER_HOLDS_ARRAY(&field) &&
           bson_iter_recurse(&field, &item) && bson_iter_next(&item);
}

WriteResult result_of(bool is_ok, const DocumentView& reply, const bson_error_t& error) {
    if (is_ok) return {};
    WriteResult result{
        .status = status_of(error, reply), .cause = redacted(error), .domain = error.domain, .code = error.code};
    // The text may quote any part of the document.
    if (is_array_filled(reply, "writeErrors") && error.code != MONGOC_ERROR_DUPLICATE_KEY)
        result.cause = fmt::format("the server refused a document, code {}", error.code);
    // Written, but not confirmed by a majority.
    if (is_array_filled(reply, "writeConcernErrors")) result.status = WriteStatus::unknown;
    // The server refused the whole call, for example for a missing right, which may be granted later.
    if (result.status == WriteStatus::rejected && !is_array_filled(reply, "writeErrors"))
        result.status = WriteStatus::not_applied;
    return result;
}

/// The index of the first refused document; empty if the reply does not have it.
std::optional<std::int64_t> first_refused(const DocumentView& reply) {
    bson_iter_t errors;
    bson_iter_t first;
    bson_iter_t index;
    if (!is_array_filled(reply, "writeErrors") || !bson_iter_init_find(&errors, &reply.get(), "writeErrors") ||
        !bson_iter_recurse(&errors, &first) || !bson_iter_next(&first) || !BSON_ITER_HOLDS_DOCUMENT(&first) ||
        !bson_iter_recurse(&first, &index) || !bson_iter_find(&index, "index") || !BSON_ITER_HOLDS_INT32(&index))
        return std::nullopt;
    return bson_iter_int32(&index);
}

/// For an ordered insert. If a document is refused, its index says how many documents are stored; servers differ in
/// what they count as inserted. A count below the index contradicts it.
WriteResult insert_result(bool is_ok, const DocumentView& reply, const bson_error_t& error, std::size_t documents) {
    WriteResult result = result_of(is_ok, reply, error);
    const auto given = static_cast<std::int64_t>(documents);
    const std::int64_t counted = reply.integer("insertedCount");
    if (result.status == WriteStatus::acknowledged && counted != given)
        return {.status = WriteStatus::unknown, .cause = fmt::format("confirmed {} of {} documents", counted, given)};
    // The driver may have split the documents and sent a part of them before.
    if (result.status == WriteStatus::not_applied && counted != 0) result.status = WriteStatus::unknown;
    if (result.status != WriteStatus::duplicate_key && result.status != WriteStatus::rejected) {
        result.written = result.status == WriteStatus::acknowledged ? documents : 0;
        return result;
    }
    const std::int64_t refused = first_refused(reply).value_or(-1);
    if (refused < 0 || refused >= given || counted < refused) {
        result.status = WriteStatus::unknown;
        return result;
    }
    result.written = static_cast<std::size_t>(refused);
    return result;
}

}  // namespace

Session::Session(const ConnectionPool& pool, std::string database)
    : client_(mongoc_client_pool_pop(pool.get()), Return{pool.get()}), database_(std::move(database)) {}

Session::Collection Session::collection(const char* name) const {
    return Collection(mongoc_client_get_collection(client_.get(), database_.c_str(), name));
}

WriteResult Session::insert(const char* name, std::span<const Document> documents) {
// GCC warns that the element type drops the alignment attribute of bson_t; a pointer does not need it.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wignored-attributes"
    std::vector<const bson_t*> pointers;
#pragma GCC diagnostic pop
    pointers.reserve(documents.size());
    for (const Document& document : documents) pointers.push_back(document.get());
    const Collection target = collection(name);
    Reply reply;
    bson_error_t error{};
    const bool is_ok =
        mongoc_collection_insert_many(target.get(), pointers.data(), pointers.size(), nullptr, reply.out(), &error);
    return insert_result(is_ok, reply.view(), error, documents.size());
}

WriteResult Session::update(const char* name, const Document& filter, const Document& change, bool upsert) {
    Document options;
    options.boolean("upsert", upsert);
    const Collection target = collection(name);
    const auto update_once = [&] {
        Reply reply;
        bson_error_t error{};
        const bool is_ok =
            mongoc_collection_update_one(target.get(), filter.get(), change.get(), options.get(), reply.out(), &error);
        WriteResult result = result_of(is_ok, reply.view(), error);
        result.written = reply.view().number("matchedCount");
        return result;
    };
    WriteResult result = update_once();
    // If two processes upsert the same document at once, the server refuses one of them; the second try finds the
    // document.
    if (upsert && result.status == WriteStatus::duplicate_key) result = update_once();
    return result;
}

WriteResult Session::remove(const char* name, const Document& filter) {
    const Collection target = collection(name);
    Reply reply;
    bson_error_t error{};
    const bool is_ok = mongoc_collection_delete_many(target.get(), filter.get(), nullptr, reply.out(), &error);
    WriteResult result = result_of(is_ok, reply.view(), error);
    result.written = reply.view().number("deletedCount");
    return result;
}

void Session::find(const char* name, const Document& filter, const Document& options, std::size_t most,
                   const std::function<void(const DocumentView&)>& take) {
    find_while(name, filter, options, most, [&](const DocumentView& found) { return take(found), true; });
}

void Session::find_while(const char* name, const Document& filter, const Document& options, std::size_t most,
                         const std::function<bool(const DocumentView&)>& take) {
    const Collection source = collection(name);
    std::size_t taken = 0;
    const auto ask = [&] {
        for_each(mongoc_collection_find_with_opts(source.get(), filter.get(), options.get(), nullptr), most,
                 [&](const DocumentView& found) {
                     ++taken;
                     return take(found);
                 });
    };
    try {
        ask();
    } catch (const DatabaseError& error) {
        // Another server may be the primary now.
        if (taken > 0 || !is_transient(error)) throw;
        ask();
    }
}

void Session::for_each(mongoc_cursor_t* owned, std::size_t most, const std::function<bool(const DocumentView&)>& take) {
    const std::unique_ptr<mongoc_cursor_t, decltype(&mongoc_cursor_destroy)> cursor(owned, mongoc_cursor_destroy);
    const bson_t* found = nullptr;
    for (std::size_t count = 0; mongoc_cursor_next(cursor.get(), &found); ++count) {
        if (count == most) throw DatabaseError("the server replied with more documents than requested", 0, 0);
        if (!take(DocumentView(*found))) return;
    }
    bson_error_t error{};
    if (mongoc_cursor_error(cursor.get(), &error)) throw database_error(error);
}

void Session::for_each_of_command(const Document& command, const std::function<void(const DocumentView&)>& take) {
    bson_error_t error{};
    // If the server id is absent, the driver aborts when it closes the cursor.
    constexpr bool kWrites = true;
    const std::unique_ptr<mongoc_server_description_t, decltype(&mongoc_server_description_destroy)> server(
        mongoc_client_select_server(client_.get(), kWrites, nullptr, &error), mongoc_server_description_destroy);
    if (server == nullptr) throw database_error(error);
    const std::uint32_t id = mongoc_server_description_id(server.get());
    Reply reply;
    if (!mongoc_client_command_simple_with_server_id(client_.get(), database_.c_str(), command.get(), nullptr, id,
                                                     reply.out(), &error))
        throw database_error(error);
    Document options;
    options.integer("serverId", id);
    // The cursor takes ownership of the copy.
    bson_t* taken = bson_copy(&reply.view().get());
    for_each(mongoc_cursor_new_from_command_reply_with_opts(client_.get(), taken, options.get()), kUnlimited,
             [&](const DocumentView& found) { return take(found), true; });
}

void Session::rename(const char* from, const char* to) {
    Document command;
    command.text("renameCollection", fmt::format("{}.{}", database_, from));
    command.text("to", fmt::format("{}.{}", database_, to));
    Reply reply;
    bson_error_t error{};
    if (!mongoc_client_command_simple(client_.get(), "admin", command.get(), nullptr, reply.out(), &error))
        throw database_error(error);
}

void Session::command(const Document& command, const std::function<void(const DocumentView&)>& take) {
    Reply reply;
    bson_error_t error{};
    if (!mongoc_client_command_simple(client_.get(), database_.c_str(), command.get(), nullptr, reply.out(), &error))
        throw database_error(error);
    take(reply.view());
}

}  // namespace globes::store::mongo
