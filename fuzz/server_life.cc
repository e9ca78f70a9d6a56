// Whole lives of a server: clients connect, send requests and events that are built from a grammar, in any pieces and
// in any order, close and come back; the store fails; the process ends and starts again with the same store. Whatever
// happens, each complete request has one response, and in each room all clients receive the same sends, 1, 2, 3 …,
// which are stored, each id once.
//
// Input: a script (life/script.h).
#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <sys/random.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/string.hpp>
#include <boost/json/value.hpp>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/task_boundary.h"
#include "base/text.h"
#include "life/client.h"
#include "life/room_truth.h"
#include "life/script.h"
#include "life/server.h"
#include "life/store.h"
#include "net/ws_close.h"

namespace {

std::uint64_t random_state = 0;  // of `getrandom`

}  // namespace

/// Replaces the system's, so that salts, session secrets and ids are the same each time.
extern "C" ssize_t getrandom(void* buffer, std::size_t size, unsigned /*flags*/) {
    auto* const bytes = static_cast<unsigned char*>(buffer);
    for (std::size_t i = 0; i < size; ++i) {
        random_state = random_state * 6364136223846793005U + 1442695040888963407U;
        bytes[i] = static_cast<unsigned char>(random_state >> 56);
    }
    return static_cast<ssize_t>(size);
}

namespace globes::fuzz {

void require(bool condition, const char* what) {
    if (condition) return;
    std::fprintf(stderr, "broken promise: %s\n", what);
    std::abort();
}

// --- client ---

void Client::deliver(std::size_t most) {
    if (!is_open() || !can_send_) return outgoing_.clear();
    const ssize_t sent = ::send(socket_.get(), outgoing_.data(), std::min(most, outgoing_.size()), MSG_NOSIGNAL);
    if (sent <= 0) return;
    const std::string bytes = outgoing_.substr(0, static_cast<std::size_t>(sent));
    outgoing_.erase(0, bytes.size());
    if (is_upgraded_ || is_refused_) return;
    for (auto outcome = reader_.consume(bytes); outcome; outcome = reader_.consume({})) {
        is_refused_ = !*outcome;
        if (is_refused_) return;
        asked_.push_back({(*outcome)->method == "HEAD", (*outcome)->target});
    }
}

void Client::receive() {
    if (is_deaf || socket_.get() < 0) return;
    std::array<char, 16 << 10> buffer;
    ssize_t got = 0;
    while ((got = ::recv(socket_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT)) > 0)
        incoming_.append(buffer.data(), static_cast<std::size_t>(got));
    if (got == 0 || (got < 0 && errno != EAGAIN)) saw_end_ = true;
    if (!is_upgraded_) read_responses();
    if (is_upgraded_) read_frames();
}

void Client::read_responses() {
    namespace http = boost::beast::http;
    while (!incoming_.empty() && !is_upgraded_) {
        http::response_parser<http::string_body> parser;
        parser.eager(true);
        parser.body_limit(boost::none);
        parser.skip(!asked_.empty() && asked_.front().is_head);
        boost::system::error_code error;
        const std::size_t used = parser.put(boost::asio::buffer(incoming_), error);
        const bool needs_more = error == http::error::need_more || (!error && !parser.is_done());  // of head or body
        if (needs_more && !saw_end_) return;
        if (is_lost_ && (error || !parser.is_done())) return incoming_.clear();
        require(!error && parser.is_done(), "responses are HTTP");
        incoming_.erase(0, used);
        const auto& response = parser.get();
        const auto status = static_cast<int>(response.result_int());
        if (status == 100) continue;
        require(!has_closing_, "nothing follows the last response");
        if (asked_.empty()) {
            require(status >= 400 && !response.keep_alive(), "only a refusal answers an incomplete request");
        } else {
            asked_.pop_front();
        }
        has_closing_ = !response.keep_alive() && status != 101;
        is_upgraded_ = status == 101;
        if (response[http::field::content_type].starts_with("application/json") && !response.body().empty()) {
            boost::system::error_code invalid;
            const boost::json::value body = boost::json::parse(response.body(), invalid);
            require(!invalid, "JSON is valid");
            require(status < 400 || body.as_object().contains("error"), "errors are objects with an error");
        }
    }
}

void Client::check_responses() const {
    if (is_lost_ || is_deaf || socket_.get() < 0 || is_upgraded_ || has_closing_) return;
    require(asked_.empty(), "each complete request has a response");
    require(incoming_.empty(), "responses are complete");
}

void Client::read_frames() {
    for (;;) {
        const std::string_view bytes(incoming_);
        const auto byte_at = [&](std::size_t at) { return static_cast<unsigned char>(bytes[at]); };
        if (bytes.size() < 2) return;
        require((byte_at(1) & 0x80) == 0, "frames of a server are not masked");
        std::size_t size = byte_at(1);
        std::size_t head = 2;
        if (size >= 126) {
            const std::size_t length_bytes = size == 126 ? 2 : 8;
            head += length_bytes;
            if (bytes.size() < head) return;
            size = 0;
            for (std::size_t i = 2; i < head; ++i) size = size << 8 | byte_at(i);
            require(size >= (length_bytes == 2 ? 126U : 65'536U), "lengths are short");
        }
        require(size <= std::size_t{1} << 20, "frames are not huge");
        if (bytes.size() < head + size) return;
        require(!saw_close_, "nothing follows a close frame");
        const unsigned char first = byte_at(0);
        const std::string payload(bytes.substr(head, size));
        incoming_.erase(0, head + size);
        if (first == 0x81) {
            read_event(payload);
        } else if (first == 0x88) {
            saw_close_ = true;
            require(net::parse_close_payload(payload).has_value(), "close frames are valid");
        } else {
            require((first == 0x89 || first == 0x8A) && size <= 125, "all other frames are pings and pongs");
        }
    }
}

void Client::read_event(std::string_view json) {
    boost::system::error_code invalid;
    const boost::json::value value = boost::json::parse(json, invalid);
    require(!invalid && value.is_object(), "events are JSON");
    const boost::json::object& event = value.as_object();
    const std::string_view type = event.at("event_type").as_string();
    if (type == "welcome") return read_welcome(event);
    if (type == "error") return static_cast<void>(event.at("error").at("code").as_int64());
    if (type == "ack") {
        require(is_v1_, "acks are for globes.v1");
        const std::string id(event.at("id").as_string());
        require(may_have_sent(id), "an ack is for a send of this client");
        truth_.see_ack(room_, event.at("seq").to_number<std::uint64_t>(), id, event.at("duplicate").as_bool());
        return;
    }
    const auto room = event.at("room_id").to_number<chat::RoomId>();
    require(room_ == 0 || room_ == room, "a connection reads one room");
    room_ = room;
    if (type == "send") return read_send(event, json);
    require(type == "join" || type == "leave", "there are no other events");
    read_presence(event, type == "join");
}

void Client::read_welcome(const boost::json::object& event) {
    require(!is_v1_ && room_ == 0, "a welcome comes first");
    is_v1_ = true;
    room_ = event.at("room_id").to_number<chat::RoomId>();
    session_ = event.at("session").as_string();
    live_from_ = event.at("seq").to_number<std::uint64_t>() + 1;
    // With `last`, history begins before; the first send tells where.
    for (const boost::json::value& user : event.at("users").as_array())
        is_present_[fold_case(user.at("username").as_string())] = true;
}

void Client::read_send(const boost::json::object& event, std::string_view json) {
    const auto seq = event.at("seq").to_number<std::uint64_t>();
    const std::string name(event.at("name").as_string());
    const std::string id(event.contains("id") ? std::string_view(event.at("id").as_string()) : std::string_view());
    truth_.see_send(room_, seq, name, id, json);
    // The answer to a repeat of a plain client is the original's frame.
    const bool may_be_repeat = !is_v1_ && may_have_sent(id);
    if (may_be_repeat && (!expected_ || *expected_ != seq)) return;
    require(seq > 0, "seqs begin with 1");
    require(!expected_ || *expected_ == seq, "seqs have no gap and do not repeat");
    if (is_v1_ && !expected_) require(seq <= live_from_, "a client misses nothing after its welcome");
    expected_ = seq + 1;
    if (seq >= live_from_ && is_v1_) is_present_[fold_case(name)] = true;
}

void Client::read_presence(const boost::json::object& event, bool enters) {
    const std::string name = fold_case(event.at("name").as_string());
    if (enters) {
        const auto present = is_present_.find(name);
        require(present == is_present_.end() || !present->second, "nobody enters twice");
    } else {
        require(truth_.may_leave(name, ++leaves_[name]), "nobody leaves more often than they enter");
    }
    is_present_[name] = enters;
}

namespace {

/// The whole of a script.
class Life {
public:
    Life(std::span<const std::uint8_t> input) : script_(input) {
        const std::uint8_t has = script_.byte();
        settings_ = {.require_owner = (has & 1) != 0, .has_allowed_origin = (has & 2) != 0, .is_local = (has & 4) != 0};
        answers_at_once_ = (has & 8) == 0;
        prepare_store();
        start();
    }

    void run() {
        for (int steps = 0; steps < kSteps && !script_.at_end(); ++steps) step();
        end();
    }

private:
    static constexpr int kSteps = 200;
    static constexpr std::size_t kClients = 6;

    /// Rooms of each kind, and tokens for them.
    void prepare_store() {
        const std::string salt(32, 'a');
        const std::string hash = "$2b$10$abcdefghijklmnopqrstuuAbCdEfGhIjKlMnOpQrStUvWxYz01234";
        using enum chat::Visibility;
        const chat::RoomRecord tea{
            .id = 2, .title = "Tea", .visibility = private_room, .password_hash = hash, .salt = salt};
        const chat::RoomRecord hidden{.id = chat::kFirstRandomRoomId + 7,
                                      .title = "Hidden",
                                      .visibility = hidden_room,
                                      .password_hash = hash,
                                      .salt = salt};
        const chat::RoomRecord owned{.id = 3, .title = "Coffee", .owned = true, .salt = salt};
        store_.append({chat::PutRoom{{.id = 1, .title = "Public Chat", .salt = salt}}, chat::PutRoom{tea},
                       chat::PutRoom{owned}, chat::PutRoom{hidden}},
                      [](const chat::BatchOutcome&) {});
        store_.answer_batch(ScriptedStore::Answer::committed);
        // Made once, because that takes longer than a whole short script.
        static const std::array<std::string, 6> tokens = [&] {
            const std::string forged =
                chat::Tokens("other", clock_, std::chrono::minutes(60)).issue_room_token(tea, "ann");
            return std::array<std::string, 6>{
                tokens_.issue_room_token(tea, "ann"),    tokens_.issue_room_token(tea, "bob"),
                tokens_.issue_owner_token(owned, "ann"), tokens_.issue_room_token(hidden, "ann"),
                tokens_.issue_owner_token(tea, "bob"),   forged};
        }();
        secrets_.tokens = tokens;
    }

    void start() { server_ = std::make_unique<Server>(store_, clock_, tokens_, settings_); }

    void step() {
        const std::uint8_t op = script_.byte();
        const bool runs_later = (op & 0x80) != 0;
        act(op & 0x7F);
        if (!runs_later) settle();
    }

    void act(std::uint8_t op) {
        switch (op % 20) {
            case 0:
                return open();
            case 1:
            case 2:
                return write(request(script_, secrets_));
            case 3:
            case 4:
                return write(upgrade(script_, secrets_));
            case 5:
            case 6:
            case 7:
            case 8:
                return write_event();
            case 9: {
                const std::uint8_t first = script_.byte();
                const std::string payload = script_.raw(200);
                truth_.note_event(payload);
                for (const auto& client : clients_) client->note_event(payload);
                return write(frame(first, payload));
            }
            case 10:
                truth_.note_anything();
                for (const auto& client : clients_) client->note_event("\\");
                return write(script_.raw(64));
            case 11:
                if (Client* client = pick()) script_.flag() ? client->half_close() : client->hang_up();
                return;
            case 12:
                return answer();
            case 13:
                answers_at_once_ = !answers_at_once_;
                return;
            case 14:
                return pass(std::chrono::seconds(1 + script_.below(40)));
            case 15:
                return restart();
            case 16:
                if (Client* client = pick()) client->is_deaf = !client->is_deaf;
                return;
            case 17:
                server_->core().set_disk_low(script_.flag());
                return;
            case 18:
                server_->core().purger().run();
                return;
            default:
                piece_ = script_.below(64);
                return;
        }
    }

    void open() {
        if (clients_.size() >= kClients) {
            clients_.erase(clients_.begin());
            return;
        }
        std::array<int, 2> fds{};
        require(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds.data()) == 0, "sockets");
        const int bytes = 8 << 10;  // full after a few frames
        ::setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
        clients_.push_back(std::make_unique<Client>(FileDescriptor(fds[1]), truth_));
        server_->adopt(FileDescriptor(fds[0]));
    }

    Client* pick() { return clients_.empty() ? nullptr : clients_[script_.below(clients_.size())].get(); }

    void write(const std::string& bytes) {
        if (clients_.empty()) open();
        Client* const client = pick();
        client->write(bytes);
        if (piece_ == 0) return client->deliver(bytes.size() + kAll);
        for (int pieces = 0; pieces < 40; ++pieces) {
            client->deliver(piece_);
            settle();
        }
        client->deliver(kAll);
    }

    void write_event() {
        const std::string json = event(script_);
        truth_.note_event(json);
        if (clients_.empty()) open();
        Client* const client = pick();
        client->note_event(json);
        const std::uint8_t cut = script_.byte();
        if (cut < 200 || json.empty()) {
            client->write(frame(0x81, json));
        } else {
            const std::size_t at = cut % json.size();
            client->write(frame(0x01, json.substr(0, at)));
            if (cut >= 240) client->write(frame(0x89, "ping"));
            client->write(frame(0x80, json.substr(at)));
        }
        client->deliver(kAll);
    }

    void answer() {
        const std::uint8_t how = script_.byte();
        using enum ScriptedStore::Answer;
        static constexpr std::array kAnswers{committed, committed, failed, unknown_stored, unknown_lost};
        if ((how & 1) != 0)
            store_.answer_read((how & 2) == 0);
        else
            store_.answer_batch(kAnswers[how / 2 % kAnswers.size()]);
    }

    void pass(std::chrono::seconds time) {
        // In steps, as the timers of the server expect it.
        for (; time.count() > 0; time -= std::chrono::seconds(1)) {
            clock_.now += 1'000'000;
            server_->pass(std::chrono::seconds(1));
            settle();
        }
    }

    void restart() {
        settle();
        for (const auto& client : clients_) client->lose_server();
        store_.lose_client(script_.below(4));
        server_.reset();
        for (const auto& client : clients_) client->receive();
        start();
        settle();
    }

    void settle() {
        require(server_->run(answers_at_once_), "the server becomes idle");
        for (const auto& client : clients_) {
            client->receive();
            if (!client->session().empty()) secrets_.session = client->session();
        }
        // What was read may have made room for more.
        require(server_->run(answers_at_once_), "the server becomes idle");
        for (const auto& client : clients_) client->receive();
    }

    /// The store works again; then everybody leaves.
    void end() {
        answers_at_once_ = true;
        for (const auto& client : clients_) client->deliver(kAll);
        for (int round = 0; round < 8; ++round) settle();
        for (const auto& client : clients_) client->check_responses();
        for (const auto& client : clients_) client->hang_up();
        settle();
        for (const chat::RoomView& room : server_->core().list(0, 1000))
            require(room.online == 0, "nobody stays without a connection");
        check_store();
        for (const TaskThread thread : kTaskThreads) require(failed_tasks(thread) == 0, "no task throws");
    }

    void check_store() const {
        for (const auto& [id, record] : store_.records()) {
            const auto page = store_.page({.room = id, .limit = 100'000});
            std::uint64_t seq = page.first_seq;
            std::set<std::pair<std::string, std::string>> ids;
            for (const chat::Event& event : page.events) {
                require(event.seq == seq++, "seqs are stored without a gap");
                require(event.client_id.empty() || ids.emplace(fold_case(event.name), event.client_id).second,
                        "an id is stored once");
            }
        }
    }

    static constexpr std::size_t kAll = 1 << 20;

    Script script_;
    ServerSettings settings_;
    ManualClock clock_;
    const chat::Tokens tokens_{"secret", clock_, std::chrono::minutes(60)};
    ScriptedStore store_;
    RoomTruth truth_{store_};
    Secrets secrets_;
    std::unique_ptr<Server> server_;
    std::vector<std::unique_ptr<Client>> clients_;
    bool answers_at_once_ = true;
    std::size_t piece_ = 0;  // bytes that are delivered at once; 0: all
};

}  // namespace
}  // namespace globes::fuzz

extern "C" int LLVMFuzzerInitialize(int* /*argc*/, char*** /*argv*/) {
    spdlog::set_level(spdlog::level::off);
    (void)globes::KeyedHash()(std::string_view());  // its key is made once
    return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    random_state = 1;
    globes::fuzz::Life({data, size}).run();
    return 0;
}
