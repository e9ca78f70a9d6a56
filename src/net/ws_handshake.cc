#include "net/ws_handshake.h"

#include "base/text.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cstddef>
#include <memory>

namespace globes::net {
namespace {

constexpr std::string_view kVersion = "13";
constexpr std::string_view kKeyHeader = "sec-websocket-key";
// Appended to the client's key before hashing, the same for every WebSocket server (RFC 6455, 1.3).
constexpr std::string_view kAcceptGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

bool lists(const HttpRequest& request, std::string_view name, std::string_view token) {
    return std::ranges::any_of(request.header_list(name),
                               [&](std::string_view element) { return equals_ignoring_case(element, token); });
}

// 16 bytes are 22 characters and two of padding. The four unused bits of the last character may have any value: some
// clients set them, and the key is never decoded.
bool is_key(std::string_view text) {
    constexpr std::size_t kDigits = 22;
    return text.size() == kDigits + 2 && text.ends_with("==") &&
           std::ranges::all_of(text.substr(0, kDigits),
                               [](char c) { return is_ascii_alphanumeric(c) || c == '+' || c == '/'; });
}

HandshakeRefusal upgrade_required() {
    return {.status = 426,
            .headers = {
                {"Upgrade", "websocket"}, {"Connection", "Upgrade"}, {"Sec-WebSocket-Version", std::string(kVersion)}}};
}

constexpr std::size_t kDigestBytes = 20;

/// SHA-1. EVP_Q_digest and the like fetch the algorithm in each call, which takes longer than the digest.
class Sha1 {
public:
    std::array<unsigned char, kDigestBytes> digest(std::string_view first, std::string_view second) {
        std::array<unsigned char, kDigestBytes> bytes{};
        EVP_DigestInit_ex2(context_.get(), algorithm_.get(), nullptr);
        EVP_DigestUpdate(context_.get(), first.data(), first.size());
        EVP_DigestUpdate(context_.get(), second.data(), second.size());
        EVP_DigestFinal_ex(context_.get(), bytes.data(), nullptr);
        return bytes;
    }

private:
    std::unique_ptr<EVP_MD, decltype(&EVP_MD_free)> algorithm_{EVP_MD_fetch(nullptr, "SHA1", nullptr), EVP_MD_free};
    std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_{EVP_MD_CTX_new(), EVP_MD_CTX_free};
};

std::string accept_value(std::string_view key) {
    thread_local Sha1 sha1;
    const auto digest = sha1.digest(key, kAcceptGuid);

    constexpr std::size_t kBase64Bytes = (kDigestBytes + 2) / 3 * 4;
    std::array<unsigned char, kBase64Bytes + 1> base64;  // EVP_EncodeBlock ends it with a NUL.
    EVP_EncodeBlock(base64.data(), digest.data(), kDigestBytes);
    return {base64.begin(), base64.end() - 1};
}

}  // namespace

std::expected<void, HandshakeRefusal> check_handshake(const HttpRequest& request) {
    const HandshakeRefusal bad_request{.status = 400, .headers = {}};
    // The response to HEAD is that to GET without an upgrade.
    if (request.method == "HEAD") return std::unexpected(upgrade_required());
    if (request.method != "GET") return std::unexpected(bad_request);

    const bool wants_upgrade = lists(request, "upgrade", "websocket") && lists(request, "connection", "upgrade");
    if (!wants_upgrade) return std::unexpected(upgrade_required());
    // Checked before the key, so that a client of another version learns the supported one, even if its key is invalid.
    if (request.header_list("sec-websocket-version") != std::vector{kVersion})
        return std::unexpected(upgrade_required());

    const auto keys = std::ranges::count(request.headers, kKeyHeader,
                                         [](const auto& header) -> std::string_view { return header.first; });
    if (keys != 1 || !is_key(request.header(kKeyHeader))) return std::unexpected(bad_request);
    return {};
}

std::vector<std::string_view> offered_subprotocols(const HttpRequest& request) {
    return request.header_list("sec-websocket-protocol");
}

std::string switching_protocols(const HttpRequest& request, std::string_view subprotocol) {
    assert(is_key(request.header(kKeyHeader)));
    std::string answer =
        "HTTP/1.1 101 Switching Protocols\r\n"
        "Upgrade: websocket\r\n"
        "Connection: Upgrade\r\n"
        "Sec-WebSocket-Accept: ";
    answer += accept_value(request.header(kKeyHeader));
    answer += "\r\n";
    if (is_http_token(subprotocol)) {
        answer += "Sec-WebSocket-Protocol: ";
        answer += subprotocol;
        answer += "\r\n";
    }
    answer += "\r\n";
    return answer;
}

}  // namespace globes::net
