#include "base/ip_address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <span>
#include <system_error>
#include <type_traits>

#include "base/keyed_hash.h"

namespace globes {
namespace {

constexpr unsigned kBits = 128;
constexpr unsigned kBitsOfV4 = 32;
constexpr unsigned kBitsBeforeV4 = kBits - kBitsOfV4;
constexpr unsigned kBitsOfByte = 8;
constexpr std::array<std::uint8_t, 12> kBeforeV4{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};

}  // namespace

IpAddress::IpAddress(const std::array<std::uint8_t, 4>& bytes) {
    std::ranges::copy(kBeforeV4, bytes_.begin());
    std::ranges::copy(bytes, bytes_.begin() + kBeforeV4.size());
}

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
    const std::string name(text);  // zero-terminated
    if (name.contains('\0')) return std::nullopt;
    IpAddress address;
    if (::inet_pton(AF_INET6, name.c_str(), address.bytes_.data()) == 1) return address;
    std::ranges::copy(kBeforeV4, address.bytes_.begin());
    if (::inet_pton(AF_INET, name.c_str(), address.bytes_.data() + kBeforeV4.size()) == 1) return address;
    return std::nullopt;
}

bool IpAddress::is_v4() const { return std::ranges::equal(std::span(bytes_).first<kBeforeV4.size()>(), kBeforeV4); }

bool IpAddress::is_loopback() const {
    constexpr std::uint8_t kLoopbackV4 = 127;
    if (is_v4()) return bytes_[kBeforeV4.size()] == kLoopbackV4;
    return bytes_ == std::array<std::uint8_t, 16>{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
}

std::string IpAddress::text() const {
    std::array<char, INET6_ADDRSTRLEN> text;
    const bool v4 = is_v4();
    ::inet_ntop(v4 ? AF_INET : AF_INET6, bytes_.data() + (v4 ? kBeforeV4.size() : 0), text.data(), text.size());
    return text.data();
}

IpRange::IpRange(const IpAddress& address, unsigned prefix)
    : first_(address), bits_(address.is_v4() ? kBitsBeforeV4 + std::min(prefix, kBitsOfV4) : std::min(prefix, kBits)) {
    for (unsigned i = 0; i < first_.bytes_.size(); ++i) {
        const unsigned kept = std::clamp(bits_, i * kBitsOfByte, (i + 1) * kBitsOfByte) - i * kBitsOfByte;
        first_.bytes_[i] = static_cast<std::uint8_t>(first_.bytes_[i] & (0xFF00U >> kept));
    }
}

std::optional<IpRange> IpRange::parse(std::string_view text) {
    const std::size_t slash = text.find('/');
    const auto address = IpAddress::parse(text.substr(0, slash));
    if (!address) return std::nullopt;
    if (slash == std::string_view::npos) return IpRange(*address, kBits);
    const std::string_view digits = text.substr(slash + 1);
    unsigned prefix = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), prefix);
    if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
    if (prefix > (address->is_v4() ? kBitsOfV4 : kBits)) return std::nullopt;
    const IpRange range(*address, prefix);
    return range.first_ == *address ? std::optional(range) : std::nullopt;
}

bool IpRange::contains(const IpAddress& address) const {
    // An IPv6 range never contains IPv4 addresses, although it may contain their IPv6 form.
    if (address.is_v4() != first_.is_v4()) return false;
    const unsigned prefix = first_.is_v4() ? bits_ - kBitsBeforeV4 : bits_;
    return IpRange(address, prefix).first_ == first_;
}

std::string IpRange::text() const {
    if (bits_ == kBits) return first_.text();
    return first_.text() + '/' + std::to_string(first_.is_v4() ? bits_ - kBitsBeforeV4 : bits_);
}

std::size_t IpRangeHash::operator()(const IpRange& range) const {
    static_assert(std::has_unique_object_representations_v<IpRange>, "equal ranges have equal bytes");
    return KeyedHash()(std::string_view(reinterpret_cast<const char*>(&range), sizeof range));
}

bool contains(const std::vector<IpRange>& ranges, const IpAddress& address) {
    return std::ranges::any_of(ranges, [&](const IpRange& range) { return range.contains(address); });
}

}  // namespace globes
