#include "net/http_message.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/beast/http/status.hpp>
#include <chrono>
#include <iterator>

#include "base/text.h"

namespace globes::net {
namespace {

namespace http = boost::beast::http;

bool is_token_char(char c) {
    constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
    return is_ascii_alphanumeric(c) || kMarks.contains(c);
}

bool is_header_value(std::string_view value) { return std::ranges::none_of(value, is_control); }

void append_header(std::string& out, std::string_view name, std::string_view value) {
    out += name;
    out += ": ";
    out += value;
    out += "\r\n";
}

bool has_body(int status) { return status != 204 && status != 304; }

}  // namespace

std::string_view HttpRequest::header(std::string_view name) const {
    const auto found =
        std::ranges::find(headers, name, [](const auto& header) { return std::string_view(header.first); });
    return found == headers.end() ? std::string_view() : found->second;
}

std::vector<std::string_view> HttpRequest::header_list(std::string_view name, std::size_t most) const {
    std::vector<std::string_view> elements;
    for (const auto& [key, value] : headers) {
        if (key != name) continue;
        std::string_view rest = value;
        while (!rest.empty() && elements.size() < most) {
            const std::size_t comma = std::min(rest.find(','), rest.size());
            const std::string_view element = trim_blanks(rest.substr(0, comma));
            if (!element.empty()) elements.push_back(element);
            rest.remove_prefix(std::min(comma + 1, rest.size()));
        }
    }
    return elements;
}

std::string write_response(const HttpResponse& response, const AnswerForm& form, UnixMicros now) {
    std::string out;
    constexpr std::size_t kUsualHead = 512;
    out.reserve(kUsualHead + response.body.size());
    // Always 1.1: the version is that of the server, also in a response to HTTP/1.0 (RFC 9110, 6.2).
    fmt::format_to(
        std::back_inserter(out), "HTTP/1.1 {} {}\r\n", response.status,
        std::string_view(http::obsolete_reason(http::int_to_status(static_cast<unsigned>(response.status)))));
    append_header(out, "Date", format_http_date(now));
    append_header(out, "Server", "Globes");
    append_header(out, "X-Content-Type-Options", "nosniff");
    if (form.hsts_s != 0) append_header(out, "Strict-Transport-Security", fmt::format("max-age={}", form.hsts_s));
    if (has_body(response.status)) {
        const std::uint64_t size = response.body.size() + response.rest_bytes;
        if (size != 0 && is_header_value(response.content_type))
            append_header(out, "Content-Type", response.content_type);
        append_header(out, "Content-Length", fmt::format_int(size).str());
    }
    for (const auto& [name, value] : response.headers)
        if (is_http_token(name) && is_header_value(value)) append_header(out, name, value);
    if (!form.keep_alive)
        append_header(out, "Connection", "close");
    else if (form.minor_version == 0)
        append_header(out, "Connection", "keep-alive");
    out += "\r\n";
    if (has_body(response.status) && !form.head) out += response.body;
    return out;
}

std::string format_http_date(UnixMicros time) {
    using namespace std::chrono;
    constexpr std::array<std::string_view, 7> kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const sys_seconds second = floor<seconds>(sys_time<microseconds>(microseconds(time)));
    const sys_days day = floor<days>(second);
    const year_month_day date(day);
    const hh_mm_ss clock(second - day);
    return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT", kDays[weekday(day).c_encoding()],
                       static_cast<unsigned>(date.day()), kMonths[static_cast<unsigned>(date.month()) - 1],
                       static_cast<int>(date.year()), clock.hours().count(), clock.minutes().count(),
                       clock.seconds().count());
}

bool is_http_token(std::string_view text) { return !text.empty() && std::ranges::all_of(text, is_token_char); }

}  // namespace globes::net
