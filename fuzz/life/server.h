// One life of a server for the target server_life: what src/server.cc connects, but with one thread, which runs the I/O
// thread's loop and the core one after another, and with a clock that the script advances.
#pragma once

#include <poll.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "api/core_link.h"
#include "api/request.h"
#include "api/routes.h"
#include "api/services.h"
#include "api/wire/errors.h"
#include "api/wire/event.h"
#include "chat/core.h"
#include "chat/core_thread.h"
#include "chat/tokens.h"
#include "life/store.h"
#include "net/http_hub.h"
#include "net/io_thread.h"

namespace globes::fuzz {

class ManualClock final : public Clock {
public:
    UnixMicros now_us() const override { return now; }
    std::chrono::steady_clock::time_point steady() const override {
        return std::chrono::steady_clock::time_point(std::chrono::microseconds(now));
    }

    UnixMicros now = 1'607'030'634'421'318;
};

struct ServerSettings {
    bool require_owner = false;
    bool has_allowed_origin = false;
    bool is_local = false;
};

class Server {
public:
    /// All outlive the server.
    Server(ScriptedStore& store, const ManualClock& clock, const chat::Tokens& tokens, const ServerSettings& settings)
        : store_(store),
          clock_(clock),
          hosts_({.listed = {}, .allowed_origins = {}, .own = {}, .is_local = settings.is_local}),
          services_{
              .clock = clock,
              .tokens = tokens,
              .throttle = throttle_,
              .password_pace = pace_,
              .hosts = hosts_,
              .refusal_log = refusal_log_,
              .hashing = refusing_pool(),
              .files = refusing_pool(),
              .open_files = open_files_,
              .store = store,
              .flood = {.messages = {.per_second = 0}, .pings = {.per_second = 0}, .other_frames = {.per_second = 0}},
              .allowed_origins = {},
              .frame_ancestors = {},
              .metrics_addresses = {*IpRange::parse("::/0")},
              .require_owner = settings.require_owner,
              .static_dir = {},
              .metrics = {}} {
        if (settings.has_allowed_origin) services_.allowed_origins.emplace_back("https://a.example");
        link_.set_core(core_);
        core_.load(store.load_rooms());
    }
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    void adopt(FileDescriptor socket) {
        http_.adopt(std::move(socket), net::ClientAddress(*IpAddress::parse("192.0.2.1")));
    }
    chat::Core& core() { return core_; }

    /// Runs both threads until they only wait for clients, for the store or for time. With `answers_store` the store
    /// answers at once. Returns false if they never become idle.
    bool run(bool answers_store) {
        for (int iteration = 0; iteration < kIterations; ++iteration) {
            bool is_busy = io_iteration();
            if (core_thread_.run_posted()) is_busy = true;
            core_.end_batch();
            while (answers_store && store_.has_waiting()) {
                store_.answer_batch(ScriptedStore::Answer::committed);
                store_.answer_read(true);
                is_busy = true;
            }
            idle_iterations_ = is_busy ? 0 : idle_iterations_ + 1;
            if (idle_iterations_ > 2) return idle_iterations_ = 0, true;
        }
        return false;
    }
    void pass(std::chrono::seconds time) { io_.hub().advance(io_.hub().wheel().now() + net::ticks(time)); }

private:
    static constexpr int kIterations = 200'000;

    /// A pool without room: passwords are not hashed here, and files not read.
    static WorkerPool& refusing_pool() {
        static WorkerPool pool(1, {.queued = 0});
        return pool;
    }
    static net::WsSettings ws_settings() {
        net::WsSettings settings;
        settings.backlog_bytes = 16 << 10;
        settings.direct_queue_bytes = 8 << 10;
        settings.linger = {};
        return settings;
    }
    net::HttpSettings http_settings() {
        net::HttpSettings settings;
        settings.refusal = [](const net::HttpRequest&, int status, std::string_view) {
            net::HttpResponse response = api::error_response(Error{ErrorCode::bad_request}, status);
            return response;
        };
        return settings;
    }
    /// As IoThread::run, without waiting. Returns whether something was done.
    bool io_iteration() {
        io_.context().restart();
        bool is_busy = io_.context().poll() > 0;
        pollfd hub{.fd = io_.hub().descriptor(), .events = POLLIN, .revents = 0};
        if (::poll(&hub, 1, 0) > 0) is_busy = true;
        io_.hub().poll(io_.read_buffer());
        if (io_.run_posted()) is_busy = true;
        link_.flush_to_core();
        if (io_.hub().fan_out() != std::chrono::steady_clock::time_point::max()) is_busy = true;
        io_.hub().end_iteration();
        link_.flush_to_core();
        return is_busy;
    }

    ScriptedStore& store_;
    const ManualClock& clock_;
    net::IoThread io_{0, ws_settings()};
    chat::CoreThread core_thread_;
    api::CoreLink link_{io_, core_thread_};
    net::AddressLimits limits_{{}};
    const api::FrameEncoder encoder_;
    chat::PasswordThrottle throttle_;
    chat::PasswordPace pace_;
    const api::Hosts hosts_;
    api::OpenFiles open_files_{0};
    api::RefusalLog refusal_log_{clock_};
    chat::Core core_{{.store = store_,
                      .clock = clock_,
                      .encoder = encoder_,
                      .io_threads = {&link_},
                      .post = [this](TaskBatch tasks) { core_thread_.post(std::move(tasks)); }},
                     {.room = {.sends = {.per_second = 0}}, .replay_cache = {.room_bytes = 4'000}, .max_rooms = 12}};
    api::Services services_;
    api::Routes routes_{link_, services_};
    net::HttpHub http_{io_.context(),
                       io_.hub().wheel(),
                       io_.read_buffer(),
                       clock_,
                       limits_,
                       http_settings(),
                       [this](const std::shared_ptr<net::HttpExchange>& exchange) { routes_.handle(exchange); }};
    int idle_iterations_ = 0;
};

}  // namespace globes::fuzz
