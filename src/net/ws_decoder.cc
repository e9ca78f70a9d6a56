#include "net/ws_decoder.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <utility>
#include <vector>

#include "base/big_endian.h"
#include "roomlog/slice.h"

namespace globes::net {
namespace {

using roomlog::Opcode;

constexpr std::size_t kMinHeadBytes = 2;
constexpr std::size_t kMaxControlBytes = 125;
constexpr std::size_t kMaxControlFrameBytes = kMinHeadBytes + sizeof(MaskKey) + kMaxControlBytes;

bool is_control(Opcode opcode) { return static_cast<std::uint8_t>(opcode) & 0x8; }

bool is_known(Opcode opcode) {
    switch (opcode) {
        case Opcode::continuation:
        case Opcode::text:
        case Opcode::binary:
        case Opcode::close:
        case Opcode::ping:
        case Opcode::pong:
            return true;
    }
    return false;
}

std::string_view view(std::span<const char> bytes) { return {bytes.data(), bytes.size()}; }

std::span<char> take(std::span<char>& bytes, std::size_t count) {
    const std::span<char> taken = bytes.first(count);
    bytes = bytes.subspan(count);
    return taken;
}

}  // namespace

void unmask(std::span<char> bytes, MaskKey key) {
    std::uint32_t half = 0;
    std::memcpy(&half, key.data(), sizeof half);
    // Both halves are equal, so the result does not depend on the byte order.
    const std::uint64_t word_key = std::uint64_t{half} << 32 | half;

    char* const data = bytes.data();
    std::size_t at = 0;
    // memcpy instead of casts: unaligned access is defined, and the compiler vectorises the loop.
    for (; at + sizeof word_key <= bytes.size(); at += sizeof word_key) {
        std::uint64_t word = 0;
        std::memcpy(&word, data + at, sizeof word);
        word ^= word_key;
        std::memcpy(data + at, &word, sizeof word);
    }
    for (; at < bytes.size(); ++at) data[at] = static_cast<char>(data[at] ^ key[at % key.size()]);
}

MaskKey advance_key(MaskKey key, std::size_t count) {
    MaskKey advanced{};
    for (std::size_t i = 0; i < key.size(); ++i) advanced[i] = key[(i + count) % key.size()];
    return advanced;
}

// The start of a frame, as far as it has arrived.
struct WsDecoder::Head {
    Opcode opcode{};
    bool is_final = false;
    std::uint64_t payload_bytes = 0;
    MaskKey key{};
    // The number of contiguous bytes, from the first of the frame, that decoding needs: the header, and the payload of
    // a control frame. If that many bytes have arrived, the head is complete.
    std::size_t start_bytes = kMinHeadBytes;

    static std::expected<Head, CloseCode> read(std::span<const char> bytes, const Partial* message, std::size_t limit);
};

struct WsDecoder::Partial {
    // The raw start of an incomplete frame: a part of a header or of a control frame.
    std::array<char, kMaxControlFrameBytes> start;
    std::uint8_t start_size = 0;

    // The current message.
    bool in_message = false;
    Utf8Check utf8;
    std::vector<char> text;

    // Its current frame.
    bool is_final = false;
    MaskKey key{};
    std::size_t missing_bytes = 0;

    void append(std::span<const char> chunk, std::size_t limit) {
        const std::size_t needed = text.size() + chunk.size();
        // The capacity doubles, up to the size that the message can still reach.
        assert(needed <= limit);
        const std::size_t most = is_final ? text.size() + missing_bytes : limit;
        if (needed > text.capacity()) text.reserve(std::clamp(2 * text.capacity(), needed, most));
        text.insert(text.end(), chunk.begin(), chunk.end());
    }
};

// Checks every rule for which `bytes`, the start of a frame, is long enough.
std::expected<WsDecoder::Head, CloseCode> WsDecoder::Head::read(std::span<const char> bytes, const Partial* message,
                                                                std::size_t limit) {
    Head head;
    if (bytes.size() < kMinHeadBytes) return head;

    const auto first = static_cast<std::uint8_t>(bytes[0]);
    const auto second = static_cast<std::uint8_t>(bytes[1]);
    head.opcode = static_cast<Opcode>(first & 0x0F);
    head.is_final = first & 0x80;
    const bool has_reserved_bits = first & 0x70;
    const bool is_masked = second & 0x80;
    const std::uint8_t short_length = second & 0x7F;
    if (has_reserved_bits || !is_masked || !is_known(head.opcode)) return std::unexpected(kCloseProtocolError);

    const bool in_message = message && message->in_message;
    if (is_control(head.opcode)) {
        if (!head.is_final || short_length > kMaxControlBytes) return std::unexpected(kCloseProtocolError);
    } else {
        if (in_message != (head.opcode == Opcode::continuation)) return std::unexpected(kCloseProtocolError);
        if (head.opcode == Opcode::binary) return std::unexpected(kCloseUnsupportedData);
    }

    const std::size_t extended_bytes = short_length < 126 ? 0 : short_length == 126 ? 2 : 8;
    const std::size_t key_at = kMinHeadBytes + extended_bytes;
    head.start_bytes = key_at + sizeof(MaskKey);
    if (bytes.size() < key_at) return head;
    head.payload_bytes =
        extended_bytes == 0 ? short_length : read_big_endian(view(bytes.subspan(kMinHeadBytes, extended_bytes)));
    const bool is_minimal = extended_bytes == 0   ? true
                            : extended_bytes == 2 ? head.payload_bytes >= 126
                                                  : head.payload_bytes > 0xFFFF;
    if (!is_minimal || head.payload_bytes >> 63) return std::unexpected(kCloseProtocolError);

    if (is_control(head.opcode)) {
        head.start_bytes += static_cast<std::size_t>(head.payload_bytes);
    } else {
        const std::size_t received = in_message ? message->text.size() : 0;
        assert(received <= limit);
        if (head.payload_bytes > limit - received) return std::unexpected(kCloseMessageTooBig);
    }
    if (bytes.size() >= head.start_bytes) std::ranges::copy(bytes.subspan(key_at, sizeof(MaskKey)), head.key.begin());
    return head;
}

WsDecoder::WsDecoder(WsLimits limits) : message_limit_(static_cast<std::uint32_t>(limits.message_bytes)) {
    static_assert(sizeof(WsDecoder) <= 16, "an idle connection pays for this");
    static_assert(sizeof(Partial) < 256);
    assert(limits.message_bytes <= std::numeric_limits<std::uint32_t>::max());
}

WsDecoder::~WsDecoder() = default;

std::optional<CloseCode> WsDecoder::consume(std::span<char> bytes, WsEvents& events) {
    while (!bytes.empty() && !is_stopped_) {
        const bool is_inside_text = partial_ && partial_->missing_bytes > 0;
        const auto failure = is_inside_text ? take_text(bytes, events) : take_frame(bytes, events);
        if (failure) {
            stop();
            return failure;
        }
    }
    return std::nullopt;
}

std::size_t WsDecoder::buffered_bytes() const { return partial_ ? sizeof(Partial) + partial_->text.capacity() : 0; }

std::optional<CloseCode> WsDecoder::take_frame(std::span<char>& bytes, WsEvents& events) {
    assert(!partial_ || partial_->missing_bytes == 0);
    if (partial_ && partial_->start_size > 0) return take_split_start(bytes, events);
    const auto head = Head::read(bytes, partial_.get(), message_limit_);
    if (!head) return head.error();
    if (bytes.size() < head->start_bytes) return take_split_start(bytes, events);
    const std::span<char> start = take(bytes, head->start_bytes);
    if (!is_control(head->opcode)) return begin_text(*head, bytes, events);
    return take_control(*head, start.last(static_cast<std::size_t>(head->payload_bytes)), events);
}

// Collects the start of a frame that arrives in several pieces.
std::optional<CloseCode> WsDecoder::take_split_start(std::span<char>& bytes, WsEvents& events) {
    Partial& kept = partial();
    const auto start = [&] { return std::span(kept.start).first(kept.start_size); };
    auto head = Head::read(start(), &kept, message_limit_);
    // Each step completes one part: the two fixed bytes, the length and key, the payload of a control frame.
    while (head && kept.start_size < head->start_bytes) {
        assert(head->start_bytes <= kept.start.size());
        const auto added = take(bytes, std::min(bytes.size(), head->start_bytes - kept.start_size));
        if (added.empty()) return std::nullopt;
        std::ranges::copy(added, kept.start.begin() + kept.start_size);
        kept.start_size = static_cast<std::uint8_t>(kept.start_size + added.size());
        head = Head::read(start(), &kept, message_limit_);
    }
    if (!head) return head.error();

    const std::span<char> whole = start();
    kept.start_size = 0;
    if (!is_control(head->opcode)) return begin_text(*head, bytes, events);
    const auto failure = take_control(*head, whole.last(static_cast<std::size_t>(head->payload_bytes)), events);
    if (partial_ && !partial_->in_message) partial_.reset();
    return failure;
}

std::optional<CloseCode> WsDecoder::take_control(const Head& head, std::span<char> payload, WsEvents& events) {
    unmask(payload, head.key);
    if (head.opcode == Opcode::close) {
        const auto close = parse_close_payload(view(payload));
        if (!close) return close.error();
        events.on_close(close->code, close->reason);
        stop();
        return std::nullopt;
    }
    const bool goes_on = head.opcode == Opcode::ping ? events.on_ping(view(payload)) : events.on_pong(view(payload));
    if (!goes_on) stop();
    return std::nullopt;
}

std::optional<CloseCode> WsDecoder::begin_text(const Head& head, std::span<char>& bytes, WsEvents& events) {
    const auto payload_bytes = static_cast<std::size_t>(head.payload_bytes);
    const bool is_whole_message =
        head.is_final && payload_bytes <= bytes.size() && (!partial_ || partial_->text.empty());
    if (is_whole_message) {
        partial_.reset();
        const std::span<char> message = take(bytes, payload_bytes);
        unmask(message, head.key);
        Utf8Check utf8;
        if (!utf8.consume(view(message)) || !utf8.is_complete()) return kCloseInvalidText;
        if (!events.on_text(view(message))) stop();
        return std::nullopt;
    }
    if (!head.is_final && !events.on_fragment()) {
        stop();
        return std::nullopt;
    }
    Partial& message = partial();
    message.in_message = true;
    message.is_final = head.is_final;
    message.key = head.key;
    message.missing_bytes = payload_bytes;
    return take_text(bytes, events);
}

std::optional<CloseCode> WsDecoder::take_text(std::span<char>& bytes, WsEvents& events) {
    assert(partial_ && partial_->in_message && partial_->start_size == 0);
    Partial& message = *partial_;
    const std::span<char> chunk = take(bytes, std::min(bytes.size(), message.missing_bytes));
    unmask(chunk, message.key);
    if (!message.utf8.consume(view(chunk))) return kCloseInvalidText;
    message.append(chunk, message_limit_);
    message.key = advance_key(message.key, chunk.size());
    message.missing_bytes -= chunk.size();
    if (message.missing_bytes > 0 || !message.is_final) return std::nullopt;

    if (!message.utf8.is_complete()) return kCloseInvalidText;
    const std::unique_ptr<Partial> whole = std::move(partial_);
    if (!events.on_text(view(whole->text))) stop();
    return std::nullopt;
}

WsDecoder::Partial& WsDecoder::partial() {
    if (!partial_) partial_ = std::make_unique<Partial>();
    return *partial_;
}

void WsDecoder::stop() {
    is_stopped_ = true;
    partial_.reset();
}

}  // namespace globes::net
