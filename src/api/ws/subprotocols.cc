#include "api/ws/subprotocols.h"

#include <algorithm>
#include <cstddef>
#include <ranges>

#include "base/text.h"
#include "net/ws_handshake.h"

namespace globes::api {
namespace {

constexpr std::string_view kGlobesV1 = "globes.v1";
// Values with this prefix are ours but no tokens. Those that contain a secret are never selected, because the server
// would repeat it in its response.
constexpr std::string_view kGlobesPrefix = "globes.";
constexpr std::string_view kSessionPrefix = "globes.session.";

/// Whether `text` has the form of a JWT (RFC 7515, 7.1): three parts in base64url.
bool has_token_form(std::string_view text) {
    std::size_t parts = 0;
    for (const auto range : std::views::split(text, '.')) {
        const std::string_view part(range.begin(), range.end());
        const auto is_base64url = [](char c) { return is_ascii_alphanumeric(c) || c == '-' || c == '_'; };
        if (part.empty() || !std::ranges::all_of(part, is_base64url)) return false;
        ++parts;
    }
    return parts == 3 && !text.starts_with(kGlobesPrefix);
}

}  // namespace

Result<SubprotocolOffers> parse_subprotocols(const net::HttpRequest& request) {
    SubprotocolOffers offers;
    for (const std::string_view offer : net::offered_subprotocols(request)) {
        if (offer == kGlobesV1)
            offers.has_globes_v1 = true;
        else if (offer.starts_with(kSessionPrefix) && offers.session.empty())
            offers.session = offer.substr(kSessionPrefix.size());
        else if (has_token_form(offer))
            offers.tokens.push_back(offer);
        if (offers.tokens.size() > kMaxOfferedTokens) return std::unexpected(Error{ErrorCode::session_not_established});
    }
    return offers;
}

std::string_view select_subprotocol(const SubprotocolOffers& offers, std::string_view accepted_token) {
    if (offers.has_globes_v1) return kGlobesV1;
    if (offers.tokens.empty()) return {};
    if (accepted_token.empty()) return offers.tokens.front();
    const auto accepted = std::ranges::find(offers.tokens, accepted_token);
    return accepted == offers.tokens.end() ? std::string_view() : *accepted;
}

}  // namespace globes::api
