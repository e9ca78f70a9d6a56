// The bytes that a WebSocket client sends, and a record of what the server's decoder reports.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "net/ws_decoder.h"
#include "roomlog/slice.h"

namespace globes::net {

inline constexpr MaskKey kTestKey{'\x37', '\xFA', '\x21', '\x3D'};

/// A masked frame with any contents. `is_final` false: more fragments follow.
inline std::string client_frame(roomlog::Opcode opcode, std::string_view payload, bool is_final = true) {
    std::string plain;
    roomlog::append_frame(plain, opcode, payload);
    std::string head = plain.substr(0, plain.size() - payload.size());
    if (!is_final) head[0] = static_cast<char>(head[0] & 0x7F);
    head[1] = static_cast<char>(head[1] | 0x80);
    std::string masked(payload);
    unmask(masked, kTestKey);
    return head + std::string(kTestKey.begin(), kTestKey.end()) + masked;
}

inline std::string client_text(std::string_view payload) { return client_frame(roomlog::Opcode::text, payload); }

/// All events of a decoder, as `text:hello`, `ping:`, `pong:`, `close:1000:bye`.
struct EventRecord final : WsEvents {
    std::vector<std::string> events;
    std::size_t fragments = 0;  ///< Not in `events`.
    std::size_t stop_after_fragments = SIZE_MAX;
    std::size_t stop_after = SIZE_MAX;  ///< The event of that number, from 1 on, returns false.

    bool on_text(std::string_view message) override { return add("text:", message); }
    bool on_ping(std::string_view payload) override { return add("ping:", payload); }
    bool on_pong(std::string_view payload) override { return add("pong:", payload); }
    bool on_fragment() override {
        ++fragments;
        return fragments < stop_after_fragments;
    }
    void on_close(CloseCode code, std::string_view reason) override {
        add("close:" + std::to_string(code) + ":", reason);
    }

private:
    bool add(std::string kind, std::string_view payload) {
        events.push_back(std::move(kind.append(payload)));
        return events.size() < stop_after;
    }
};

struct Decoded {
    std::vector<std::string> events;
    std::optional<CloseCode> failure;

    friend bool operator==(const Decoded&, const Decoded&) = default;
};

/// The events of a new decoder for `stream`, passed in pieces of `piece_bytes`.
inline Decoded decode(std::string stream, WsLimits limits = {}, std::size_t piece_bytes = SIZE_MAX) {
    WsDecoder decoder(limits);
    EventRecord record;
    std::optional<CloseCode> failure;
    for (std::span<char> rest(stream); !rest.empty() && !failure;) {
        const std::size_t count = std::min(piece_bytes, rest.size());
        failure = decoder.consume(rest.first(count), record);
        rest = rest.subspan(count);
    }
    return {record.events, failure};
}

}  // namespace globes::net
