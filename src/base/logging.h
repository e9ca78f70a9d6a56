// The server's log on stderr: one line an entry, `time=… level=… <text>`, the text in `key=value` form. Any thread logs
// with spdlog::info and similar functions; this file sets spdlog up and formats the line of an HTTP request. That line
// has no secrets, because its functions do not get headers and bodies, and drop the query.
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

/// Replaces spdlog's default logger during its lifetime; main owns the only one, as its first local.
///
/// 1. A log call never waits for stderr: lines are queued for one writing thread (line_writer.h), and if the queue is
///    full, the oldest are dropped. Only `spdlog::default_logger()->flush()` waits for stderr, at most a second.
/// 2. `event=log_overrun dropped_lines=N` is written in the place of dropped lines, at every level.
/// 3. The destructor writes the queued lines.
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

/// One answered request. `target` is the whole request target; only its path is logged.
struct AccessLine {
    std::string_view method;
    std::string_view target;
    int status = 0;
    std::uint64_t bytes = 0;  ///< Of the response body.
    std::chrono::microseconds duration{0};
    std::string_view peer;       ///< IP address.
    std::string_view note = {};  ///< `key=value` of the server, as `limit=rooms`; may be empty.
};

/// Writes the line at level info. Any thread, never blocks.
void access_log(const AccessLine& line);

/// The text of that line: `event=request method=GET path=/chats status=200 bytes=2 duration_us=81 peer=127.0.0.1`.
std::string format_access_line(const AccessLine& line);

/// `text` as a value of `key=value` (logfmt), in quotes if necessary: `"` and `\` get a backslash, control characters
/// and bytes beyond ASCII become `\xNN`. A text longer than `max_bytes` is cut off and ends in `...`.
std::string log_value(std::string_view text, std::size_t max_bytes = 256);

}  // namespace globes
