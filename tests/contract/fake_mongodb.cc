#include "contract/fake_mongodb.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>
#include <utility>

namespace globes::store {
namespace {

constexpr std::int32_t kReply = 1;     // the opcodes: a reply to …
constexpr std::int32_t kQuery = 2004;  // … which only the first hello uses,
constexpr std::int32_t kMessage = 2013;
constexpr std::size_t kHeaderBytes = 16;
constexpr std::int64_t kDuplicateKey = 11'000;

struct Header {
    std::int32_t length;
    std::int32_t request;
    std::int32_t response_to;
    std::int32_t opcode;
};

bool read_all(int socket, char* data, std::size_t size) {
    while (size > 0) {
        const ssize_t got = ::recv(socket, data, size, 0);
        if (got <= 0) return false;
        data += got;
        size -= static_cast<std::size_t>(got);
    }
    return true;
}

void write_all(int socket, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent <= 0) return;
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
}

std::string message_of(const Header& request, const std::string& document) {
    // An OP_REPLY has the number of its documents; an OP_MSG has flags and the kind of its section.
    const bool is_query = request.opcode == kQuery;
    std::string body(is_query ? 20 : 5, '\0');
    if (is_query) body[16] = 1;
    body += document;
    const Header header{.length = static_cast<std::int32_t>(kHeaderBytes + body.size()),
                        .request = request.request,
                        .response_to = request.request,
                        .opcode = is_query ? kReply : kMessage};
    std::string message(kHeaderBytes, '\0');
    std::memcpy(message.data(), &header, kHeaderBytes);
    return message + body;
}

/// The command of a message, with the documents in its other sections.
std::pair<FakeDocument, std::vector<FakeDocument>> read_message(std::int32_t opcode, std::string_view bytes) {
    std::vector<FakeDocument> documents;
    if (opcode == kQuery) {
        bytes.remove_prefix(4);
        bytes.remove_prefix(bytes.find('\0') + 1 + 8);
        return {from_bson(bytes), {}};
    }
    bytes.remove_prefix(4);
    FakeDocument body;
    while (!bytes.empty()) {
        const bool is_sequence = bytes.front() == 1;
        bytes.remove_prefix(1);
        if (!is_sequence) {
            body = from_bson(bytes);
            continue;
        }
        std::int32_t size = 0;
        std::memcpy(&size, bytes.data(), sizeof size);
        std::string_view section = bytes.substr(4, static_cast<std::size_t>(size) - 4);
        bytes.remove_prefix(static_cast<std::size_t>(size));
        section.remove_prefix(section.find('\0') + 1);
        while (!section.empty()) documents.push_back(from_bson(section));
    }
    return {std::move(body), std::move(documents)};
}

FakeDocument ok(FakeDocument fields = {}) {
    fields.emplace_back("ok", fake_number(1));
    return fields;
}

FakeDocument error(std::int64_t code, std::string text) {
    return {{"ok", fake_number(0)}, {"errmsg", fake_text(std::move(text))}, {"code", fake_number(code)}};
}

FakeDocument cursor(const std::string& name, std::vector<FakeDocument> documents) {
    return ok({{"cursor", fake_document({{"id", fake_number(0)},
                                         {"ns", fake_text("fake." + name)},
                                         {"firstBatch", fake_array(std::move(documents))}})}});
}

FakeDocument hello() {
    return ok({{"ismaster", FakeValue(8, 1)},
               {"maxBsonObjectSize", FakeValue(16, 16 << 20)},
               {"maxMessageSizeBytes", FakeValue(16, 48'000'000)},
               {"maxWriteBatchSize", FakeValue(16, 100'000)},
               {"minWireVersion", FakeValue(16, 0)},
               {"maxWireVersion", FakeValue(16, 8)}});
}

FakeDocument insert(FakeDocuments& collection, const std::vector<FakeDocument>& documents, bool counts_refused) {
    std::size_t written = 0;
    while (written < documents.size() && collection.insert(documents[written])) ++written;
    const bool is_refused = written < documents.size();
    const std::size_t counted = counts_refused ? documents.size() : written;
    FakeDocument reply = ok({{"n", FakeValue(16, static_cast<std::int64_t>(counted))}});
    if (is_refused)
        set_field(reply, "writeErrors",
                  fake_array({{{"index", FakeValue(16, static_cast<std::int64_t>(written))},
                               {"code", FakeValue(16, kDuplicateKey)},
                               {"errmsg", fake_text("E11000 duplicate key error")}}}));
    return reply;
}

}  // namespace

FakeMongodb::FakeMongodb() {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    ::bind(listener_, reinterpret_cast<sockaddr*>(&address), size);
    ::listen(listener_, SOMAXCONN);
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    acceptor_ = std::thread([this] { accept(); });
}

FakeMongodb::~FakeMongodb() {
    {
        const std::lock_guard lock(mutex_);
        is_stopped_ = true;
        ::shutdown(listener_, SHUT_RDWR);
        for (const int socket : sockets_) ::shutdown(socket, SHUT_RDWR);
    }
    acceptor_.join();
    for (std::thread& thread : threads_) thread.join();
    for (const int socket : sockets_) ::close(socket);
    ::close(listener_);
}

std::string FakeMongodb::uri() const { return fmt::format("mongodb://127.0.0.1:{}/", port_); }

void FakeMongodb::set_tamper(Tamper tamper) {
    const std::lock_guard lock(mutex_);
    tamper_ = std::move(tamper);
}

void FakeMongodb::set_before(Before before) {
    const std::lock_guard lock(mutex_);
    before_ = std::move(before);
}

FakeMongodb::Collections FakeMongodb::contents() {
    const std::lock_guard lock(mutex_);
    return collections_;
}

void FakeMongodb::set_contents(Collections contents) {
    const std::lock_guard lock(mutex_);
    collections_ = std::move(contents);
}

std::size_t FakeMongodb::count(const std::string& command) {
    const std::lock_guard lock(mutex_);
    return counts_[command];
}

void FakeMongodb::accept() {
    while (true) {
        const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        const std::lock_guard lock(mutex_);
        if (socket < 0 || is_stopped_) {
            if (socket >= 0) ::close(socket);
            return;
        }
        sockets_.push_back(socket);
        threads_.emplace_back([this, socket] { serve(socket); });
    }
}

void FakeMongodb::serve(int socket) {
    std::string bytes(kHeaderBytes, '\0');
    while (read_all(socket, bytes.data(), kHeaderBytes)) {
        Header header{};
        std::memcpy(&header, bytes.data(), kHeaderBytes);
        std::string rest(static_cast<std::size_t>(header.length) - kHeaderBytes, '\0');
        if (!read_all(socket, rest.data(), rest.size())) break;
        const auto [body, documents] = read_message(header.opcode, rest);
        const std::string command = body.front().first;
        std::unique_lock lock(mutex_);
        if (const Before before = before_) {
            lock.unlock();
            before(command, body.front().second.text);
            lock.lock();
        }
        ++counts_[command];
        std::string message = message_of(header, answer(command, body, documents));
        const bool goes_on = !tamper_ || tamper_(command, message);
        write_all(socket, message);
        if (!goes_on) break;
    }
    ::shutdown(socket, SHUT_RDWR);
}

std::string FakeMongodb::answer(const std::string& command, const FakeDocument& body,
                                const std::vector<FakeDocument>& documents) {
    const std::string name = body.front().second.text;
    const bool has_collection = collections_.contains(name) && collections_[name].exists();
    const auto text = [&](const char* field) { return field_of(body, field).text; };
    const auto fields = [&](const char* field) -> const FakeDocument& { return field_of(body, field).fields; };
    const auto reply = [&]() -> FakeDocument {
        if (command == "isMaster" || command == "ismaster" || command == "hello") {
            if (!fields("compression").empty()) is_offered_compression_ = true;
            return hello();
        }
        if (command == "ping" || command == "endSessions") return ok();
        if (command == "listCollections") {
            std::vector<FakeDocument> names;
            for (const auto& [known, collection] : collections_) described_.try_emplace(known);
            for (const auto& [known, details] : described_) {
                if (details.empty() && !collections_[known].exists()) continue;
                FakeDocument listed = {{"name", fake_text(known)}, {"type", fake_text("collection")}};
                for (const auto& [field, value] : details)
                    if (field == "type" || field_of(body, "nameOnly").number == 0) set_field(listed, field, value);
                names.push_back(std::move(listed));
            }
            return cursor("$cmd.listCollections", std::move(names));
        }
        if (command == "createIndexes") {
            for (const auto& [at, index] : fields("indexes"))
                collections_[name].add_index(field_of(index.fields, "name").text, field_of(index.fields, "key").fields);
            return ok();
        }
        if (command == "listIndexes") {
            if (field_of(described_[name], "type").text == "view") return error(166, "is a view, not a collection");
            if (!has_collection) return error(26, "ns does not exist");
            std::vector<FakeDocument> indexes = {
                {{"name", fake_text("_id_")}, {"key", fake_document({{"_id", fake_number(1)}})}}};
            for (const auto& [known, key] : collections_[name].indexes())
                indexes.push_back(
                    {{"name", fake_text(known)}, {"key", fake_document(key)}, {"unique", FakeValue(8, 1)}});
            return cursor(name, std::move(indexes));
        }
        if (command == "renameCollection") {
            const auto short_name = [](const std::string& whole) { return whole.substr(whole.find('.') + 1); };
            const std::string from = short_name(name);
            const std::string to = short_name(text("to"));
            if (!collections_.contains(from)) return error(26, "source namespace does not exist");
            if (collections_[to].exists()) return error(48, "target namespace exists");
            collections_[to] = std::move(collections_[from]);
            collections_.erase(from);
            return ok();
        }
        if (command == "count")
            return ok({{"n", fake_number(static_cast<std::int64_t>(collections_[name].find({}, {}, 0).size()))}});
        if (command == "find")
            return cursor(name,
                          collections_[name].find(fields("filter"), fields("sort"), field_of(body, "limit").number));
        if (command == "insert") return insert(collections_[name], documents, counts_refused_);
        if (command == "findAndModify") {
            collections_[name].update(fields("query"), fields("update"), field_of(body, "upsert").number != 0);
            return ok({{"value", fake_document(collections_[name].find(fields("query"), {}, 1).front())}});
        }
        std::size_t matched = 0;
        // In a section of its own, or in the command.
        std::vector<FakeDocument> statements = documents;
        for (const auto& [at, update] : fields("updates")) statements.push_back(update.fields);
        for (const FakeDocument& one : statements) {
            const FakeDocument& filter = field_of(one, "q").fields;
            matched += command == "delete" ? collections_[name].remove(filter)
                                           : collections_[name].update(filter, field_of(one, "u").fields,
                                                                       field_of(one, "upsert").number != 0);
        }
        const auto count = static_cast<std::int64_t>(matched);
        if (command == "update" || command == "delete")
            return ok({{"n", FakeValue(16, count)}, {"nModified", FakeValue(16, count)}});
        return error(59, "no such command: " + command);
    };
    return to_bson(reply());
}

}  // namespace globes::store
