#include "bench/options.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "bench/mark.h"

namespace globes::bench {
namespace {

constexpr const char* kAbout =
    "globes-bench: how much chat does a server carry, how late does it arrive, and does all of it arrive?\n"
    "It opens rooms x members WebSockets, lets some members talk, and follows every message to every member.";

constexpr const char* kExamples = R"(
Closed loop or open loop
  Closed (--window W): each sender has W messages in flight and sends the next when it sees one of its own come back.
  It finds the highest throughput, but a server that pauses is simply asked less: don't read latencies from it.
  Open (--rate R): R messages a second are sent in each room, whatever the server does, and a message's latency counts
  from when it should have been sent. This is how users feel it.

Examples
  One room of 100, one of them talking, as fast as its own messages come back:
    globes-bench 127.0.0.1:5000 --pid $(pidof globes)
  Ten of them talking, four messages in flight each:
    globes-bench --members 100 --senders 10 --window 4
  A large room at 100 messages a second for half a minute, results for a script:
    globes-bench --members 1000 --senders 10 --rate 100 --duration 30 --json large.json
  What 10,000 idle connections cost:
    globes-bench --rooms 0 --idle 10000 --pid $(pidof globes)
  500 arrivals and departures a second beside the chat:
    globes-bench --members 500 --rate 20 --churn 500
  Ten of a thousand readers stop reading:
    globes-bench --members 990 --stalled 10 --rate 100
  Another server, which calls its rooms otherwise and needs none created:
    globes-bench 127.0.0.1:8080 --protocol plain --path '/ws/{room}'
    globes-bench 127.0.0.1:8000 --protocol centrifuge

Reading the result
  delivery        one message received by one member; a message in a room of 100 is 100 deliveries
  latency         from (intended) sending to one member's receiving it, over all members
  first to last   from the first member's receiving a message to the last one's
  server CPU      its CPU time over deliveries in the measured window (--pid): comparable even where the client is slower
  client          near 100 % of its cores, deliveries/s and latencies are the client's own limit, and it says so

Before you measure
  A flood limit refuses what a benchmark does: start Globes with "MessagesPerSecond": 0.
  Give client and server different cores: taskset -c 0 globes & taskset -c 1 globes-bench
  Thousands of connections need as many files: ulimit -n.

Exit status: 0 all arrived once and in order, 1 something did not or the server refused, 2 wrong options.
)";

/// `host:port` of the target.
bool parse_target(const std::string& target, Options& options) {
    const std::size_t colon = target.rfind(':');
    if (colon == std::string::npos || colon == 0) return false;
    options.host = target.substr(0, colon);
    return CLI::detail::lexical_cast(target.substr(colon + 1), options.port) && options.port != 0;
}

/// What CLI11's own checks of single options can't see. Empty: all is well.
std::string find_contradiction(const Options& options) {
    if (options.senders > options.members) return "--senders: more than --members";
    if (options.rooms == 0 && options.idle == 0) return "nothing to do: neither rooms nor idle connections";
    if (options.is_open_loop() && options.senders == 0) return "--rate: needs a sender in each room";
    if (options.empty_rooms > 0 && options.protocol != Protocol::globes)
        return "--empty-rooms: only globes creates rooms";
    if (options.churn_per_s > 0 && options.rooms == 0) return "--churn: needs a room";
    if (options.protocol == Protocol::centrifuge) {
        const bool has_other_roles = options.churn_per_s > 0 || options.join;
        return has_other_roles ? "--churn, --join: not with --protocol centrifuge" : "";
    }
    if (options.path.find("{room}") == std::string::npos) return "--path: must contain {room}";
    return {};
}

/// Declares options group after group and keeps CLI11's own notation for types and ranges out of the help.
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
              "globes: rooms are created by POST /chats; plain: any room name will do; centrifuge: rooms are channels")
        ->check(CLI::IsMember({"globes", "plain", "centrifuge"}).description(""));
    declared.text("--path", options.path, "PATH", "WebSocket path, {room} stands for the room");
    declared.number("--pid", options.server_pid, 0, 1 << 30, "the server's process: measures its CPU and memory");

    declared.group("Who is there");
    declared.number("--rooms", options.rooms, 0u, kMany, "rooms with members");
    declared.number("--members", options.members, 1u, kMany, "members of each room, senders included");
    declared.number("--idle", options.idle, 0u, kMany, "connections in one more room, where nothing is said");
    declared.number("--stalled", options.stalled, 0u, kMany, "further members of each room, which never read");
    declared.number("--churn", options.churn_per_s, 0.0, 1e6, "guests that join, and that leave, each second");
    declared.number("--stay", options.stay_ms, 0u, kMany, "how long each guest stays, ms");
    declared.number("--empty-rooms", options.empty_rooms, 0u, kMany, "rooms created and never entered");
    declared.flag("--join", options.join, "members join first (a room of n makes n*n join events)");

    declared.group("What they say");
    declared.number("--senders", options.senders, 0u, kMany, "members of each room that talk");
    auto* window =
        declared.number("--window", options.window, 1u, kMany, "closed loop: messages in flight of each sender");
    declared.number("--rate", options.rate_per_s, 0.001, 1e7, "open loop: messages a second in each room")
        ->excludes(window);
    declared.number("--payload", options.text_bytes, static_cast<std::uint32_t>(kMarkBytes), 60'000u,
                    "characters of each message's text, 46 or more");

    declared.group("How");
    declared.number("--duration", options.duration_s, 0.01, 1e6, "seconds measured");
    declared.number("--warmup", options.warmup_s, 0.0, 1e6, "seconds before that");
    declared.number("--drain", options.drain_s, 0.1, 1e6, "seconds of silence after which a message is lost");
    declared.number("--threads", options.threads, 1u, 64u, "client threads");
    declared.number("--sources", options.sources, 0u, 250u,
                    "source addresses 127.0.0.1 and up; 0: as many as ports need");
    declared.number("--ramp", options.ramp_per_s, 0.0, 1e6, "connections opened a second; 0: as fast as it goes");
    declared.number("--handshakes", options.handshakes, 1u, 4096u, "connections being opened at once");

    declared.group("Output");
    declared.text("--json", options.json_file, "FILE", "write the result to this file too");
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
