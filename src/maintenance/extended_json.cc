#include "maintenance/extended_json.h"

#include <openssl/evp.h>

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <chrono>
#include <cmath>

#include "base/text.h"

namespace globes::maintenance {
namespace {

namespace json = boost::json;

constexpr UnixMicros kMillisecond = 1'000;
constexpr UnixMicros kSecond = 1'000'000;
constexpr UnixMicros kEndOfTimes = 253'402'300'800 * kSecond;  // the year 10000
constexpr std::size_t kObjectIdDigits = 24;

/// The value of `{"<key>":value}`, which may have other keys too; null for any other value.
const json::value* wrapped(const json::value& value, std::string_view key) {
    return value.is_object() ? value.get_object().if_contains(key) : nullptr;
}

/// Parses all of `text` as a number.
template <class Number>
std::optional<Number> parse(std::string_view text) {
    Number number{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc() && end == text.data() + text.size() && !text.empty() ? std::optional(number)
                                                                                     : std::nullopt;
}

std::optional<std::int64_t> whole(double number) {
    constexpr double kLimit = 9'007'199'254'740'992;  // 2^53: beyond it a double skips integers
    if (!(std::abs(number) <= kLimit) || number != std::trunc(number)) return std::nullopt;
    return static_cast<std::int64_t>(number);
}

const json::value& unwrapped_number(json::value&& value) = delete;
const json::value& unwrapped_number(const json::value& value) {
    for (const std::string_view key : {"$numberInt", "$numberLong", "$numberDouble", "$numberDecimal"})
        if (const json::value* number = wrapped(value, key)) return *number;
    return value;
}

std::optional<double> any_number(const json::value& value) {
    const json::value& number = unwrapped_number(value);
    if (number.is_string()) return parse<double>(std::string_view(number.get_string()));
    return number.is_number() ? std::optional(number.to_number<double>()) : std::nullopt;
}

std::optional<UnixMicros> in_range(double micros) {
    if (!(micros >= static_cast<double>(kSecond) && micros < static_cast<double>(kEndOfTimes))) return std::nullopt;
    return static_cast<UnixMicros>(micros);
}
std::optional<UnixMicros> in_range(UnixMicros micros) {
    return micros >= kSecond && micros < kEndOfTimes ? std::optional(micros) : std::nullopt;
}

/// Parses the parts of a time one by one.
class TimeText {
public:
    explicit TimeText(std::string_view text) : rest_(text) {}

    bool is_at_end() const { return rest_.empty(); }
    /// Parses exactly that many digits.
    std::optional<int> digits(std::size_t count) {
        if (rest_.size() < count || !std::ranges::all_of(rest_.substr(0, count), is_digit)) return std::nullopt;
        const auto number = parse<int>(rest_.substr(0, count));
        rest_.remove_prefix(count);
        return number;
    }
    /// Parses one of these bytes; 0 if the next byte is another one.
    char one_of(std::string_view bytes) {
        if (rest_.empty() || !bytes.contains(rest_.front())) return 0;
        const char found = rest_.front();
        rest_.remove_prefix(1);
        return found;
    }
    /// Parses the digits of a fraction, to microseconds.
    UnixMicros fraction() {
        UnixMicros micros = 0;
        for (UnixMicros unit = kSecond / 10; !rest_.empty() && is_digit(rest_.front()); unit /= 10) {
            micros += (rest_.front() - '0') * unit;
            rest_.remove_prefix(1);
        }
        return micros;
    }

private:
    static bool is_digit(char byte) { return byte >= '0' && byte <= '9'; }

    std::string_view rest_;
};

/// Parses `Z`, `+01:00`, `-0800`, `+01` or nothing, as seconds east of UTC.
std::optional<std::int64_t> parse_offset(TimeText& text) {
    if (text.is_at_end() || text.one_of("Zz") != 0) return 0;
    const char sign = text.one_of("+-");
    const auto hours = text.digits(2);
    if (sign == 0 || !hours) return std::nullopt;
    text.one_of(":");
    const auto minutes = text.is_at_end() ? std::optional(0) : text.digits(2);
    if (!minutes) return std::nullopt;
    const std::int64_t seconds = *hours * 3600 + *minutes * 60;
    return sign == '-' ? -seconds : seconds;
}

std::optional<UnixMicros> parse_iso_time(std::string_view whole_text) {
    using namespace std::chrono;
    TimeText text(whole_text);
    const auto year_number = text.digits(4);
    const bool has_month = text.one_of("-") != 0;
    const auto month_number = text.digits(2);
    const bool has_day = text.one_of("-") != 0;
    const auto day_number = text.digits(2);
    const bool has_time = text.one_of("Tt ") != 0;
    const auto hour = text.digits(2);
    const bool has_minute = text.one_of(":") != 0;
    const auto minute = text.digits(2);
    const bool has_second = text.one_of(":") != 0;
    const auto second = text.digits(2);
    if (!(year_number && has_month && month_number && has_day && day_number && has_time && hour && has_minute &&
          minute && has_second && second))
        return std::nullopt;
    const year_month_day date{year{*year_number}, month{static_cast<unsigned>(*month_number)},
                              day{static_cast<unsigned>(*day_number)}};
    if (!date.ok() || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
    const UnixMicros micros = text.one_of(".,") != 0 ? text.fraction() : 0;
    const auto offset = parse_offset(text);
    if (!offset || !text.is_at_end()) return std::nullopt;
    const std::int64_t days = sys_days{date}.time_since_epoch().count();
    return (days * 86'400 + *hour * 3600 + *minute * 60 + *second - *offset) * kSecond + micros;
}

/// A number since 1970, whose unit follows from its size: messages are from the years 1970 to 5138.
std::optional<UnixMicros> time_of_count(double count) {
    constexpr double kThousand = 1e3;
    double unit = kSecond;
    for (double limit = 1e11; count >= limit && unit > 1 / kThousand; limit *= kThousand) unit /= kThousand;
    return in_range(std::round(count * unit));
}

std::optional<UnixMicros> time_of_date(const json::value& date) {
    if (date.is_string()) {
        const auto time = parse_iso_time(date.get_string());
        return time ? in_range(*time) : std::nullopt;
    }
    const auto milliseconds = whole_number(date);
    if (!milliseconds || *milliseconds < 0 || *milliseconds > kEndOfTimes / kMillisecond) return std::nullopt;
    return in_range(*milliseconds * kMillisecond);
}

}  // namespace

bool is_nothing(const json::value& value) { return value.is_null() || wrapped(value, "$undefined") != nullptr; }

std::optional<std::int64_t> whole_number(const json::value& value) {
    const json::value& number = unwrapped_number(value);
    if (number.is_int64()) return number.get_int64();
    if (number.is_double()) return whole(number.get_double());
    if (!number.is_string()) return std::nullopt;
    const std::string_view text = number.get_string();
    if (const auto found = parse<std::int64_t>(text)) return found;
    const auto found = parse<double>(text);
    return found ? whole(*found) : std::nullopt;
}

std::optional<UnixMicros> time_of(const json::value& value) {
    if (const json::value* date = wrapped(value, "$date")) return time_of_date(*date);
    if (const json::value* timestamp = wrapped(value, "$timestamp")) {
        const json::value* seconds = wrapped(*timestamp, "t");
        const auto found = seconds == nullptr ? std::nullopt : whole_number(*seconds);
        return found && *found > 0 && *found < kEndOfTimes / kSecond ? in_range(*found * kSecond) : std::nullopt;
    }
    if (value.is_string()) {
        const auto time = parse_iso_time(value.get_string());
        if (time) return in_range(*time);
    }
    const auto count = any_number(value);
    return count ? time_of_count(*count) : std::nullopt;
}

std::optional<std::string> object_id(const json::value& value) {
    const json::value* id = wrapped(value, "$oid");
    if (id == nullptr) id = &value;
    if (!id->is_string()) return std::nullopt;
    std::string digits(id->get_string());
    std::ranges::transform(digits, digits.begin(), ascii_lower);
    const bool is_id =
        digits.size() == kObjectIdDigits && digits.find_first_not_of("0123456789abcdef") == std::string::npos;
    return is_id ? std::optional(digits) : std::nullopt;
}

std::optional<UnixMicros> time_of_object_id(const std::string& id) {
    constexpr std::size_t kSecondsDigits = 8;
    std::uint32_t seconds = 0;
    std::from_chars(id.data(), id.data() + std::min(id.size(), kSecondsDigits), seconds, 16);
    return in_range(std::int64_t{seconds} * kSecond);
}

std::optional<std::string> text_or_bytes(const json::value& value) {
    if (value.is_string()) return std::string(value.get_string());
    const json::value* binary = wrapped(value, "$binary");
    if (binary == nullptr) return std::nullopt;
    if (const json::value* base64 = wrapped(*binary, "base64")) binary = base64;
    return binary->is_string() ? from_base64(binary->get_string()) : std::nullopt;
}

std::optional<std::string> from_base64(std::string_view text) {
    constexpr std::size_t kLongest = std::size_t{1} << 20;
    if (text.size() % 4 != 0 || text.empty() || text.size() > kLongest) return std::nullopt;
    std::string bytes(text.size() / 4 * 3, '\0');
    const int length =
        EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                        reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
    if (length < 0) return std::nullopt;
    // The padding is decoded to zero bytes.
    const auto padding = static_cast<std::size_t>(text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0);
    bytes.resize(static_cast<std::size_t>(length) - padding);
    return bytes;
}

}  // namespace globes::maintenance
