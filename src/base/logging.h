// What the server writes about itself: one line an entry on stderr, `time=… level=… <text>`, the text in `key=value`
// form. Whoever has something to say calls spdlog::info and its like, from any thread; this file sets spdlog up and
// says how an HTTP request is logged. Secrets stay out by construction: headers, queries and bodies are never handed
// in.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace spdlog {
class logger;
}

namespace globes {

class LineWriter;

enum class LogLevel : std::uint8_t { trace, debug, info, warn, error, off };

struct LogLimits {
    static constexpr std::size_t kPathBytes = 256;
    static constexpr std::size_t kMethodBytes = 16;
};

/// Replaces spdlog's default logger by ours for as long as it lives; main owns the only one, as its first
/// local.
///
/// 1. A log call never waits for stderr: lines queue for one writing thread (line_writer.h), and if too many wait the
///    oldest are dropped; `spdlog::default_logger()->flush()` alone waits for it, a second at most.  2. In the place of
///    dropped lines stands `event=log_overrun dropped_lines=N`, at every level.  3. The destructor writes what is
///    queued.
/// 4. No control character reaches stderr, so no value can forge a line or move a terminal's cursor.
class Logging {
public:
    explicit Logging(LogLevel level);
    ~Logging();
    Logging(const Logging&) = delete;
    Logging& operator=(const Logging&) = delete;

    /// How many lines were dropped since the start. Any thread.
    std::uint64_t dropped_lines() const;

private:
    // Constant after construction.
    std::shared_ptr<spdlog::logger> previous_;
    std::shared_ptr<LineWriter> writer_;
};

/// One answered request. `target` is the request target as it came; only its path is logged.
struct AccessLine {
    std::string_view method;
    std::string_view target;
    int status = 0;
    std::uint64_t bytes = 0;  ///< Of the answer's body.
    std::chrono::microseconds duration{0};
    std::string_view peer;  ///< IP address.
};

/// Writes the line at level info. Any thread, never blocks.
void access_log(const AccessLine& line);

/// What `access_log` writes: `event=request method=GET path=/chats status=200 bytes=2 duration_us=81 peer=127.0.0.1`.
std::string format_access_line(const AccessLine& line);

/// `text` as a value of `key=value`, as it is or in quotes (logfmt): `"` and `\` get a backslash there, control
/// characters and all beyond ASCII become `\xNN`. What is longer than `max_bytes` is cut off and ends in `...`.
std::string log_value(std::string_view text, std::size_t max_bytes = 256);

}  // namespace globes
