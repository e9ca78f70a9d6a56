// The options of one run, from the command line. Owned by main; constant after start, so any thread may read them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace globes::bench {

enum class Protocol : std::uint8_t {
    globes,      ///< Rooms are created by POST /chats and entered by their id.
    centrifuge,  ///< Rooms are channels of centrifuge or Centrifugo; the path is the same for all.
    plain,       ///< Any room name exists, and every member receives what one sends.
};

struct Options {
    std::string host = "127.0.0.1";  ///< An IPv4 address.
    std::uint16_t port = 5000;
    bool with_tls = false;  ///< The certificate is not verified.
    Protocol protocol = Protocol::globes;
    std::string path = "/chats/{room}/ws";

    std::uint32_t rooms = 1;
    std::uint32_t members = 100;  ///< In each room, including senders.
    std::uint32_t senders = 1;    ///< In each room.
    std::uint32_t window = 1;     ///< Closed loop: messages in flight of each sender.
    double rate_per_s = 0;        ///< Open loop: messages a second in each room; 0 is closed loop.
    std::uint32_t text_bytes = 64;
    std::uint32_t idle = 0;         ///< Connections in their own room without messages.
    std::uint32_t stalled = 0;      ///< In each room, in addition to the members: they never read.
    double churn_per_s = 0;         ///< Guests that join, and as many that leave, over all rooms.
    std::uint32_t stay_ms = 200;    ///< How long each guest stays.
    std::uint32_t empty_rooms = 0;  ///< Created and never entered.
    bool join = false;              ///< Members join before the warm-up.

    std::uint32_t threads = 1;
    std::uint32_t sources = 0;       ///< Source addresses 127.0.0.1…; 0: as many as the ports need.
    double ramp_per_s = 0;           ///< Connections opened a second; 0 is as fast as possible.
    std::uint32_t handshakes = 256;  ///< Concurrent handshakes.
    double warmup_s = 1;
    double duration_s = 5;
    double drain_s = 3;  ///< Missing messages count as lost after this time without a delivery.

    int server_pid = 0;     ///< 0: unknown; the server is not measured.
    std::string json_file;  ///< Empty: no file.
    bool is_quiet = false;

    bool is_open_loop() const { return rate_per_s > 0; }
    /// Guests hold a connection for their stay and a little longer; with more guests the server cannot keep up.
    std::uint32_t guest_seats() const {
        return churn_per_s == 0 ? 0 : static_cast<std::uint32_t>(churn_per_s * (stay_ms + 500.0) / 1000.0) + 8;
    }
    std::uint64_t connections() const { return std::uint64_t{rooms} * (members + stalled) + idle + guest_seats(); }
};

/// Parses the command line. Empty if the program must end now (--help, an invalid option), with `exit_code`.
std::optional<Options> parse_options(int argc, char** argv, int& exit_code);

}  // namespace globes::bench
