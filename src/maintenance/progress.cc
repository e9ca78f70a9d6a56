#include "maintenance/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <utility>

namespace globes::maintenance {
namespace {

using namespace std::chrono_literals;

constexpr auto kShowEvery = 200ms;
constexpr std::string_view kEmptyLine = "\r\x1b[K";

std::string with_thousands(std::uint64_t number) {
    if (number < 1000) return fmt::format("{}", number);
    return fmt::format("{},{:03}", with_thousands(number / 1000), number % 1000);
}

}  // namespace

Progress::Progress(std::string action, std::string unit, const Clock& clock, Write write)
    : action_(std::move(action)), unit_(std::move(unit)), clock_(clock), write_(std::move(write)) {}

Progress::~Progress() {
    if (shown_at_) write_(kEmptyLine);
}

void Progress::at(std::uint64_t done, std::optional<double> share) {
    if (!write_) return;
    const auto now = clock_.steady();
    if (shown_at_ && now - *shown_at_ < kShowEvery) return;
    shown_at_ = now;
    std::string line = fmt::format("{}{}: {} {}", kEmptyLine, action_, with_thousands(done), unit_);
    if (share) line += fmt::format(", {} %", static_cast<int>(std::clamp(*share, 0.0, 1.0) * 100));
    write_(line);
}

void Progress::at_part(std::uint64_t done, std::uint64_t all) {
    at(done, all == 0 ? std::nullopt : std::optional(static_cast<double>(done) / static_cast<double>(all)));
}

Progress::Write write_to_terminal() {
    if (::isatty(STDERR_FILENO) == 0) return nullptr;
    return [](std::string_view text) {
        std::fwrite(text.data(), 1, text.size(), stderr);
        std::fflush(stderr);
    };
}

}  // namespace globes::maintenance
