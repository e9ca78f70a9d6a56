#include "base/logging.h"

#include <fmt/format.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>
#include <memory>
#include <mutex>
#include <utility>

#include "base/line_writer.h"

namespace globes {
namespace {

spdlog::level::level_enum to_spdlog(LogLevel level) {
    switch (level) {
        case LogLevel::trace:
            return spdlog::level::trace;
        case LogLevel::debug:
            return spdlog::level::debug;
        case LogLevel::info:
            return spdlog::level::info;
        case LogLevel::warn:
            return spdlog::level::warn;
        case LogLevel::error:
            return spdlog::level::err;
        case LogLevel::off:
            break;
    }
    return spdlog::level::off;
}

constexpr const char* kLoggerName = "globes";

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }

template <class Out>
void append_escaped(Out& out, char c) {
    fmt::format_to(std::back_inserter(out), "\\x{:02x}", static_cast<unsigned char>(c));
}

/// The text of an entry, `%*` in the pattern: spdlog's own `%v` does not escape line breaks.
class SafeText final : public spdlog::custom_flag_formatter {
public:
    void format(const spdlog::details::log_msg& message, const std::tm&, spdlog::memory_buf_t& out) override {
        for (const char c : message.payload) {
            if (is_control(c))
                append_escaped(out, c);
            else
                out.push_back(c);
        }
    }
    std::unique_ptr<custom_flag_formatter> clone() const override { return std::make_unique<SafeText>(); }
};

std::unique_ptr<spdlog::formatter> make_formatter() {
    auto formatter = std::make_unique<spdlog::pattern_formatter>(spdlog::pattern_time_type::utc);
    formatter->add_flag<SafeText>('*').set_pattern("time=%Y-%m-%dT%H:%M:%S.%fZ level=%l %*");
    return formatter;
}

/// The line that replaces dropped lines. Not logged with spdlog, which would queue it after newer lines.
std::string format_overrun(spdlog::formatter& formatter, std::uint64_t dropped) {
    const std::string text = fmt::format("event=log_overrun dropped_lines={}", dropped);
    spdlog::memory_buf_t line;
    formatter.format({kLoggerName, spdlog::level::warn, text}, line);
    return fmt::to_string(line);
}

/// Formats on the calling thread; the writer's thread writes.
class GatheringSink final : public spdlog::sinks::base_sink<std::mutex> {
public:
    explicit GatheringSink(std::shared_ptr<LineWriter> writer) : writer_(std::move(writer)) {}

private:
    void sink_it_(const spdlog::details::log_msg& message) override {
        spdlog::memory_buf_t line;
        formatter_->format(message, line);
        writer_->add({line.data(), line.size()}, message.level >= spdlog::level::warn);
    }
    void flush_() override { writer_->flush(); }

    const std::shared_ptr<LineWriter> writer_;
};

/// The path of an origin-form or absolute-form target (RFC 9112, 3.2), without query and without `user:password@host`.
std::string_view path_of(std::string_view target) {
    target = target.substr(0, target.find_first_of("?#"));
    if (target.starts_with('/')) return target;
    const auto scheme_end = target.find("://");
    if (scheme_end == std::string_view::npos) return target.contains('@') ? std::string_view("-") : target;
    const auto path = target.find('/', scheme_end + 3);
    return path == std::string_view::npos ? std::string_view("/") : target.substr(path);
}

}  // namespace

Logging::Logging(LogLevel level)
    : previous_(spdlog::default_logger()),
      writer_(std::make_shared<LineWriter>(STDERR_FILENO,
                                           [formatter = std::shared_ptr(make_formatter())](std::uint64_t dropped) {
                                               return format_overrun(*formatter, dropped);
                                           })) {
    auto logger = std::make_shared<spdlog::logger>(kLoggerName, std::make_shared<GatheringSink>(writer_));
    logger->set_formatter(make_formatter());
    logger->set_level(to_spdlog(level));
    spdlog::set_default_logger(std::move(logger));
}

Logging::~Logging() {
    spdlog::set_default_logger(previous_);
    // Newer versions of spdlog keep the logger by its name, and with it the writer, whose destructor writes the queued
    // lines.
    spdlog::drop(kLoggerName);
    writer_.reset();
}

std::uint64_t Logging::dropped_lines() const { return writer_->dropped(); }

void access_log(const AccessLine& line) {
    if (spdlog::should_log(spdlog::level::info)) spdlog::info(format_access_line(line));
}

std::string format_access_line(const AccessLine& line) {
    return fmt::format("event=request method={} path={} status={} bytes={} duration_us={} peer={}{}{}",
                       log_value(line.method, LogLimits::kMethodBytes),
                       log_value(path_of(line.target), LogLimits::kPathBytes), line.status, line.bytes,
                       line.duration.count(), log_value(line.peer), line.note.empty() ? "" : " ", line.note);
}

std::string log_value(std::string_view text, std::size_t max_bytes) {
    std::string value;
    bool is_plain = true;
    for (const char c : text.substr(0, max_bytes)) {
        const bool is_printable = !is_control(c) && static_cast<unsigned char>(c) < 0x80;
        const bool is_quoted = c == '"' || c == '\\';
        is_plain = is_plain && is_printable && !is_quoted && c != ' ';
        if (is_quoted) value.push_back('\\');
        if (is_printable)
            value.push_back(c);
        else
            append_escaped(value, c);
    }
    if (text.size() > max_bytes) value += "...";
    return is_plain ? value : '"' + value + '"';
}

}  // namespace globes
