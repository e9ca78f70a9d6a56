// The input of the target server_life as a script. Each step and each choice takes a byte, so that mutations of bytes
// are mutations of steps. After the end of the input every choice is 0.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace globes::fuzz {

class Script {
public:
    explicit Script(std::span<const std::uint8_t> bytes) : rest_(bytes) {}

    bool at_end() const { return rest_.empty(); }
    std::uint8_t byte() {
        if (rest_.empty()) return 0;
        const std::uint8_t first = rest_.front();
        rest_ = rest_.subspan(1);
        return first;
    }
    /// 0 … `count` - 1.
    std::size_t below(std::size_t count) { return byte() % count; }
    bool flag() { return (byte() & 1) != 0; }
    template <class Value, std::size_t N>
    const Value& pick(const std::array<Value, N>& values) {
        return values[below(N)];
    }
    /// At most `most` bytes as they are in the input; their number comes first.
    std::string raw(std::size_t most) {
        const std::size_t size = std::min({below(most + 1), most, rest_.size()});
        std::string bytes(reinterpret_cast<const char*>(rest_.data()), size);
        rest_ = rest_.subspan(size);
        return bytes;
    }

private:
    std::span<const std::uint8_t> rest_;
};

/// `text`, or now and then a text that differs from it.
inline std::string mutated(Script& script, std::string text) {
    const std::uint8_t how = script.byte();
    if (how < 0xC0) return text;
    const std::size_t at = text.empty() ? 0 : script.below(text.size() + 1);
    if (how < 0xD0) return text.substr(0, at);
    if (how < 0xE0) return text.insert(at, script.raw(8));
    if (how < 0xF0 && at < text.size()) return text.replace(at, 1, 1, static_cast<char>(script.byte()));
    return text.insert(at, how & 7, static_cast<char>(script.byte()));
}

/// What the requests of a script refer to, besides constants.
struct Secrets {
    std::array<std::string, 6> tokens;  ///< Of the rooms that exist at the beginning; the last one is forged.
    std::string session;                ///< The newest one that a client was told.
};

inline constexpr std::array<std::string_view, 10> kRooms{
    "1", "2", "Tea", "3", "coffee", "Public%20Chat", "281474976710663", "5", "new%20room", "%zz/"};
inline constexpr std::array<std::string_view, 4> kTitles{"New Room", "tea", "Juice", "\xC3\x9C\xC3\x9F"};
inline constexpr std::array<std::string_view, 6> kNames{"ann", "Ann", "bob", "\xC3\xA9ve", "", "x\\u0001"};
inline constexpr std::array<std::string_view, 6> kIds{"i1", "i2", "i3", "\\ud83d\\ude00", "", "i1"};

/// The body of a POST or PUT of a room.
inline std::string room_body(Script& script) {
    static constexpr std::array<std::string_view, 6> kMore{"",
                                                           R"(,"visibility":"private","password":"12345678")",
                                                           R"(,"visibility":"public","password":"")",
                                                           R"(,"owner":true,"name":"ann")",
                                                           R"(,"retention":60,"max_events":3)",
                                                           R"(,"description":null,"visibility":"hidden")"};
    std::string body = R"({"title":")";
    body.append(script.pick(kTitles)).append("\"").append(script.pick(kMore)).append("}");
    return mutated(script, std::move(body));
}

/// A request of the grammar; most are valid.
inline std::string request(Script& script, const Secrets& secrets) {
    static constexpr std::array<std::string_view, 8> kMethods{"GET",  "POST",    "PUT", "DELETE",
                                                              "HEAD", "OPTIONS", "get", "PATCH"};
    static constexpr std::array<std::string_view, 12> kPaths{"/chats",
                                                             "/chats/{}",
                                                             "/chats/{}/events",
                                                             "/chats/{}/token",
                                                             "/chats/{}/token/renew",
                                                             "/chats/{}/ws",
                                                             "/health",
                                                             "/ready",
                                                             "/metrics",
                                                             "/",
                                                             "/chats/{}/entrance",
                                                             "/none"};
    static constexpr std::array<std::string_view, 8> kQueries{
        "",         "?after=0",          "?limit=2",
        "?last=2",  "?before=3&limit=1", "?after=1&at=2020-12-03T21:23:54.421318Z",
        "?limit=x", "?after=%31&x=%"};
    static constexpr std::array<std::string_view, 5> kHosts{"localhost", "localhost:80", "[::1]", "evil.example",
                                                            "LOCALHOST."};
    static constexpr std::array<std::string_view, 5> kOrigins{"http://localhost", "https://a.example",
                                                              "https://evil.example", "null", "http://localhost:80"};
    static constexpr std::array<std::string_view, 8> kLines{
        "Connection: close\r\n",          "Connection: keep-alive\r\n",    "Expect: 100-continue\r\n",
        "Accept: text/html\r\n",          "Accept-Encoding: br\r\n",       "If-None-Match: \"x\", *\r\n",
        "Sec-Fetch-Site: cross-site\r\n", "X-Forwarded-For: 192.0.2.7\r\n"};

    const std::string_view method = script.pick(kMethods);
    std::string path(script.pick(kPaths));
    if (const std::size_t at = path.find("{}"); at != std::string::npos) path.replace(at, 2, script.pick(kRooms));
    path.append(script.pick(kQueries));
    std::string text = std::string(method) + ' ' + path + (script.below(16) == 15 ? " HTTP/1.0\r\n" : " HTTP/1.1\r\n");
    if (const std::size_t host = script.below(32); host != 31)
        text.append("Host: ").append(kHosts[host < 20 ? 0 : host % kHosts.size()]).append("\r\n");
    const std::uint8_t has = script.byte();
    if ((has & 1) != 0) text.append("Origin: ").append(script.pick(kOrigins)).append("\r\n");
    if ((has & 2) != 0) text.append("Authorization: Bearer ").append(script.pick(secrets.tokens)).append("\r\n");
    if ((has & 4) != 0) text.append(script.pick(kLines));
    if ((has & 8) != 0) text.append(mutated(script, std::string(script.pick(kLines))));
    const bool has_body = method == "POST" || method == "PUT";
    std::string body = has_body ? room_body(script) : std::string();
    if (has_body && (has & 16) != 0) body = R"({"secret":"12345678","name":"ann"})";
    if (has_body && (has & 32) != 0) {
        text.append("Transfer-Encoding: chunked\r\n\r\n");
        static constexpr std::string_view kHex = "0123456789abcdef";
        while (!body.empty()) {
            const std::string_view part = std::string_view(body).substr(0, 1 + script.below(15));
            text.append(1, kHex[part.size()]).append("\r\n").append(part).append("\r\n");
            body.erase(0, part.size());
        }
        body = "0\r\n\r\n";
    } else if (has_body) {
        text.append("Content-Length: ").append(std::to_string(body.size())).append("\r\n\r\n");
    } else {
        text.append("\r\n");
    }
    return (has & 64) != 0 ? mutated(script, text + body) : text + body;
}

/// An upgrade; most are valid.
inline std::string upgrade(Script& script, const Secrets& secrets) {
    static constexpr std::array<std::string_view, 8> kQueries{
        "",       "?after=0", "?last=3", "?last=0", "?after=1", "?after=9", "?after=1&at=2020-12-03T21:23:54.421318Z",
        "?last=x"};
    std::string text = "GET /chats/";
    text.append(script.pick(kRooms)).append("/ws").append(script.pick(kQueries));
    const std::uint8_t has = script.byte();
    if ((has & 1) != 0 && !secrets.session.empty())
        text.append(text.contains('?') ? "&session=" : "?session=").append(secrets.session);
    text.append(
        " HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n");
    if ((has & 2) == 0) text.append("Sec-WebSocket-Protocol: globes.v1\r\n");
    if ((has & 4) != 0) text.append("Sec-WebSocket-Protocol: ").append(script.pick(secrets.tokens)).append("\r\n");
    if ((has & 8) != 0) text.append("Authorization: Bearer ").append(script.pick(secrets.tokens)).append("\r\n");
    if ((has & 16) != 0) text.append("Origin: http://localhost\r\n");
    text.append("\r\n");
    return (has & 64) != 0 ? mutated(script, std::move(text)) : text;
}

/// The JSON of an event; most are valid.
inline std::string event(Script& script) {
    static constexpr std::array<std::string_view, 5> kTypes{"send", "join", "leave", "SEND", "none"};
    static constexpr std::array<std::string_view, 5> kTexts{"hello", "", "a\\n\\u00e9", "\xF0\x9F\x98\x80", "\\ud800"};
    std::string json;
    const std::size_t type = script.below(8);
    json = R"({"event_type":")";
    json.append(type < 4 ? "send" : kTypes[type - 3]).append(R"(","name":")");
    const std::size_t name = script.below(16);
    json.append(kNames[name < 10 ? name / 4 : name - 10]).append("\"");
    const std::uint8_t has = script.byte();
    std::string_view message = kTexts[0];
    if ((has & 1) != 0) message = script.pick(kTexts);
    json.append(R"(,"msg":")").append(message);
    if ((has & 2) != 0) json.append(script.byte() * std::size_t{20}, 'x');
    json.append("\"");
    if ((has & 4) != 0) {
        const std::string_view id = script.pick(kIds);
        json.append(R"(,"id":")").append(id).append("\"");
    }
    if ((has & 8) != 0) json.append(R"(,"color":"#fff","secret":"x","more":[{"a":1}])");
    json.append("}");
    if ((has & 16) != 0) json = mutated(script, std::move(json));
    return json;
}

/// A frame of a client with any contents.
inline std::string frame(std::uint8_t first_byte, std::string payload) {
    constexpr std::array<char, 4> kMask{'\x37', '\xFA', '\x21', '\x3D'};
    std::string text(1, static_cast<char>(first_byte));
    if (payload.size() < 126) {
        text.append(1, static_cast<char>(0x80 | payload.size()));
    } else {
        text.append(1, '\xFE')
            .append(1, static_cast<char>(payload.size() >> 8))
            .append(1, static_cast<char>(payload.size()));
    }
    for (std::size_t i = 0; i < payload.size(); ++i)
        payload[i] =
            static_cast<char>(static_cast<unsigned char>(payload[i]) ^ static_cast<unsigned char>(kMask[i % 4]));
    return text.append(kMask.data(), kMask.size()).append(payload);
}

}  // namespace globes::fuzz
