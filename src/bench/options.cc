#include "bench/options.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "bench/client_messages.h"

namespace globes::bench {
namespace {

constexpr const char* kAbout =
    "globes-bench: measures throughput, latency and completeness of a chat server.\n"
    "It opens rooms x members WebSockets, lets some members send, and tracks every message to every member.";

constexpr const char* kExamples = R"(
Closed loop or open loop
  Closed (--window W): each sender has W messages in flight, and sends the next when it receives one of its own.
  Measures the highest throughput. A server that pauses gets less load, so do not use this mode for latencies.
  Open (--rate R): R messages a second are sent in each room, whatever the server does. Latency is measured from when
  a message was due. This corresponds to the experience of users.

Examples
  One room of 100 with one sender, as fast as its own messages return:
    globes-bench 127.0.0.1:5000 --pid $(pidof globes)
  Ten senders, four messages in flight each:
    globes-bench --members 100 --senders 10 --window 4
  A large room at 100 messages a second for half a minute, results for a script:
    globes-bench --members 1000 --senders 10 --rate 100 --duration 30 --json large.json
  The cost of 10,000 idle connections:
    globes-bench --rooms 0 --idle 10000 --pid $(pidof globes)
  500 joins and leaves a second during the chat:
    globes-bench --members 500 --rate 20 --churn 500
  Ten of a thousand readers stop reading:
    globes-bench --members 990 --stalled 10 --rate 100
  Another server, with other paths and without creating rooms:
    globes-bench 127.0.0.1:8080 --protocol plain --path '/ws/{room}'
    globes-bench 127.0.0.1:8000 --protocol centrifuge

Reading the result
  delivery        one message received by one member; a message in a room of 100 is 100 deliveries
  latency         from the (intended) time of sending to receiving, over all members
  first to last   from when the first member receives a message to when the last one does
  server CPU      CPU time for each delivery in the measured window (--pid): comparable even if the client is slower
  client          CPU of the client; near 100 % of its cores, it limits deliveries/s and latencies, and the result says so

Before you measure
  The rate limit refuses the load of a benchmark: start Globes with "MessagesPerSecond": 0.
  Run client and server on different cores: taskset -c 0 globes & taskset -c 1 globes-bench
  Each connection needs a file descriptor: ulimit -n.

Exit status: 0 all messages arrived once and in order, 1 some did not or the server refused, 2 invalid options.
)";

/// `host:port` of the target.
bool parse_target(const std::string& target, Options& options) {
    const std::size_t colon = target.rfind(':');
    if (colon == std::string::npos || colon == 0) return false;
    options.host = target.substr(0, colon);
    return CLI::detail::lexical_cast(target.substr(colon + 1), options.port) && options.port != 0;
}

/// Checks combinations of options, which CLI11 cannot check. Empty if they are valid.
std::string find_contradiction(const Options& options) {
    if (options.senders > options.members) return "--senders: more than --members";
    if (options.rooms == 0 && options.idle == 0) return "nothing to do: set --rooms or --idle";
    if (options.is_open_loop() && options.senders == 0) return "--rate: needs a sender in each room";
    if (options.empty_rooms > 0 && options.protocol != Protocol::globes)
        return "--empty-rooms: only globes creates rooms";
    if (options.churn_per_s > 0 && options.rooms == 0) return "--churn: needs a room";
    if (options.protocol == Protocol::centrifuge) {
        const bool has_other_roles = options.churn_per_s > 0 || options.join;
        return has_other_roles ? "--churn, --join: not supported with --protocol centrifuge" : "";
    }
    if (options.path.find("{room}") == std::string::npos) return "--path: must contain {room}";
    return {};
}

/// Declares options by group, and hides CLI11's own notation for types and ranges in the help.
class Declaration {
public:
    explicit Declaration(CLI::App& app) : app_(app) {}

    void group(const char* name) { group_ = name; }

    template <class Value>
    CLI::Option* number(const char* name, Value& value, Value least, Value most, const char* meaning) {
        CLI::Validator range = CLI::Range(least, most);
        return app_.add_option(name, value, meaning)->check(range.description(""))->type_name("N")->group(group_);
    }
    CLI::Option* text(const char* name, std::string& value, const char* kind, const char* meaning) {
        return app_.add_option(name, value, meaning)->type_name(kind)->group(group_);
    }
    void flag(const char* name, bool& value, const char* meaning) {
        app_.add_flag(name, value, meaning)->group(group_);
    }

private:
    CLI::App& app_;
    std::string group_;
};

void declare(CLI::App& app, Options& options, std::string& protocol) {
    constexpr std::uint32_t kMany = 10'000'000;
    Declaration declared(app);
    declared.group("Target");
    declared
        .text("--protocol", protocol, "NAME",
              "globes: rooms are created by POST /chats; plain: any room name exists; centrifuge: rooms are channels")
        ->check(CLI::IsMember({"globes", "plain", "centrifuge"}).description(""));
    declared.flag("--tls", options.with_tls, "use TLS; the certificate is not verified");
    declared.text("--path", options.path, "PATH", "WebSocket path, {room} stands for the room");
    declared.number("--pid", options.server_pid, 0, 1 << 30, "the server's process: measures its CPU and memory");

    declared.group("Connections");
    declared.number("--rooms", options.rooms, 0u, kMany, "rooms with members");
    declared.number("--members", options.members, 1u, kMany, "members of each room, senders included");
    declared.number("--idle", options.idle, 0u, kMany, "connections in one more room without messages");
    declared.number("--stalled", options.stalled, 0u, kMany, "additional members of each room that never read");
    declared.number("--churn", options.churn_per_s, 0.0, 1e6, "guests that join and guests that leave each second");
    declared.number("--stay", options.stay_ms, 0u, kMany, "how long each guest stays, ms");
    declared.number("--empty-rooms", options.empty_rooms, 0u, kMany, "rooms created and never entered");
    declared.flag("--join", options.join, "members join first (a room of n makes n*n join events)");

    declared.group("Messages");
    declared.number("--senders", options.senders, 0u, kMany, "members of each room that send");
    auto* window =
        declared.number("--window", options.window, 1u, kMany, "closed loop: messages in flight of each sender");
    declared.number("--rate", options.rate_per_s, 0.001, 1e7, "open loop: messages a second in each room")
        ->excludes(window);
    declared.number("--payload", options.text_bytes, static_cast<std::uint32_t>(kMarkBytes), 60'000u,
                    "characters in the text of each message, 46 or more");

    declared.group("Run");
    declared.number("--duration", options.duration_s, 0.01, 1e6, "seconds measured");
    declared.number("--warmup", options.warmup_s, 0.0, 1e6, "seconds before the measurement");
    declared.number("--drain", options.drain_s, 0.1, 1e6, "seconds of silence after which a message is lost");
    declared.number("--threads", options.threads, 1u, 64u, "client threads");
    declared.number("--sources", options.sources, 0u, 250u,
                    "source addresses from 127.0.0.1 up; 0: as many as the ports require");
    declared.number("--ramp", options.ramp_per_s, 0.0, 1e6, "connections opened a second; 0: as fast as possible");
    declared.number("--handshakes", options.handshakes, 1u, 4096u, "concurrent handshakes");

    declared.group("Output");
    declared.text("--json", options.json_file, "FILE", "also write the result to this file");
    declared.flag("--quiet", options.is_quiet, "no progress line and no table");
}

}  // namespace

std::optional<Options> parse_options(int argc, char** argv, int& exit_code) {
    Options options;
    std::string target = "127.0.0.1:5000";
    CLI::App app(kAbout, "globes-bench");
    app.footer(kExamples);
    app.get_formatter()->column_width(26);
    app.option_defaults()->always_capture_default();
    app.add_option("target", target, "IPv4 address and port of the server")->type_name("HOST:PORT");
    std::string protocol = "globes";
    declare(app, options, protocol);
    std::string complaint;
    try {
        app.parse(argc, argv);
        options.protocol = protocol == "plain"        ? Protocol::plain
                           : protocol == "centrifuge" ? Protocol::centrifuge
                                                      : Protocol::globes;
        if (options.protocol == Protocol::centrifuge && app.count("--path") == 0)
            options.path = "/connection/websocket";
        complaint = parse_target(target, options) ? find_contradiction(options) : "target: not HOST:PORT";
    } catch (const CLI::Success& asked) {
        exit_code = app.exit(asked);
        return std::nullopt;
    } catch (const CLI::ParseError& error) {
        complaint = error.what();
    }
    if (complaint.empty()) return options;
    fmt::print(stderr, "globes-bench: {}\nTry globes-bench --help.\n", complaint);
    exit_code = 2;
    return std::nullopt;
}

}  // namespace globes::bench
