// Counters, and their text in Prometheus' format. A counter belongs to one thread, which changes it; any thread reads
// it.
#pragma once

#include <atomic>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace globes {

/// A number that one thread writes and any thread may read. A change costs a load and a store without a locked
/// instruction, so it is cheap enough for every message.
class Count {
public:
    /// The writing thread only.
    void add(std::uint64_t more = 1) { set(value() + more); }
    void set(std::uint64_t value) { value_.store(value, std::memory_order_relaxed); }

    /// Any thread. Other numbers of the same thread may be newer or older.
    std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

private:
    std::atomic<std::uint64_t> value_ = 0;
};

/// Writes metrics in Prometheus' text format, version 0.0.4: help and kind, then the samples. One thread.
class MetricsText {
public:
    static constexpr const char* kContentType = "text/plain; version=0.0.4; charset=utf-8";

    enum class Kind : std::uint8_t {
        counter,  ///< Only grows; its name ends with `_total`.
        gauge,
    };
    struct Label {
        std::string_view name;
        std::string_view value;  ///< Any text.
    };
    using Labels = std::initializer_list<Label>;

    /// Starts a metric; the samples up to the next call belong to it. `name`: unique, of letters, digits and `_`, with
    /// the base unit.
    void begin(std::string_view name, Kind kind, std::string_view help);

    /// The labels must be unique in the metric, and `value` finite.
    template <std::integral Number>
    void sample(Number value, Labels labels = {}) {
        append(std::to_string(value), labels);
    }
    void sample(double value, Labels labels = {});

    const std::string& text() const { return text_; }

private:
    void append(std::string_view value, Labels labels);

    std::string text_;
    std::string name_;
};

}  // namespace globes
