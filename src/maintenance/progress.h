// A progress line of a command on a terminal. Owned by the command, its thread only.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace globes::maintenance {

/// Rewrites its line a few times a second, and removes it when it is destroyed.
class Progress {
public:
    using Write = std::function<void(std::string_view)>;

    /// `action` and `unit` as in `export: 1,200 events, 34 %`. Without `write` nothing is shown.
    Progress(std::string action, std::string unit, const Clock& clock, Write write);
    ~Progress();
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;

    /// `done` units, which are `share` (0 to 1) of all units if that is known. Cheap enough for every unit.
    void at(std::uint64_t done, std::optional<double> share = std::nullopt);
    /// The same, with the total number of units.
    void at_part(std::uint64_t done, std::uint64_t all);

private:
    const std::string action_;
    const std::string unit_;
    const Clock& clock_;
    const Write write_;
    std::optional<std::chrono::steady_clock::time_point> shown_at_;
};

/// Writes to stderr if it is a terminal; otherwise writes nothing, so that logs contain no progress lines.
Progress::Write write_to_terminal();

}  // namespace globes::maintenance
