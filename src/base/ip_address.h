// IP addresses and ranges of them, as values. Thread: any.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace globes {

/// An IPv4 address in IPv6 form (`::ffff:192.0.2.1`) is the same value as the plain one. Scopes are not kept.
class IpAddress {
public:
    /// `::`.
    IpAddress() = default;
    /// `bytes`: in network order.
    explicit IpAddress(const std::array<std::uint8_t, 4>& bytes);
    explicit IpAddress(const std::array<std::uint8_t, 16>& bytes) : bytes_(bytes) {}
    /// Empty if `text` is not an address, or has a port, brackets or a scope.
    static std::optional<IpAddress> parse(std::string_view text);

    bool is_v4() const;
    /// 127.0.0.0/8 or ::1.
    bool is_loopback() const;
    std::string text() const;

    friend bool operator==(const IpAddress&, const IpAddress&) = default;

private:
    friend class IpRange;
    std::array<std::uint8_t, 16> bytes_{};  // IPv4 in IPv6 form
};

/// An address and the length of its prefix: `192.0.2.0/24`.
class IpRange {
public:
    /// The range of the addresses that have the first `prefix` bits in common with `address`; at most 32 bits of IPv4.
    IpRange(const IpAddress& address, unsigned prefix);
    /// Parses `address/prefix`, or an address, which is a range of its own. Empty if `text` is neither, or if the
    /// address has bits behind the prefix, which is a typing error.
    static std::optional<IpRange> parse(std::string_view text);

    bool contains(const IpAddress& address) const;
    /// `192.0.2.0/24`; without the prefix if the range is a single address.
    std::string text() const;

    friend bool operator==(const IpRange&, const IpRange&) = default;

private:
    friend struct IpRangeHash;
    IpAddress first_;
    unsigned bits_;  // of the IPv6 form
};

/// For tables with ranges as their keys. Source: KeyedHash.
struct IpRangeHash {
    std::size_t operator()(const IpRange& range) const;  // not noexcept, as that of KeyedHash
};

/// Whether one of the ranges contains the address.
bool contains(const std::vector<IpRange>& ranges, const IpAddress& address);

}  // namespace globes
