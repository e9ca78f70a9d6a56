#include "chat/credential.h"

#include <openssl/sha.h>

#include <array>
#include <cstring>

namespace globes::chat {

Credential Credential::of(std::string_view secret) {
    if (secret.empty()) return {};
    std::array<unsigned char, SHA256_DIGEST_LENGTH> digest;
    SHA256(reinterpret_cast<const unsigned char*>(secret.data()), secret.size(), digest.data());
    Credential credential;
    std::memcpy(&credential, digest.data(), sizeof credential);
    return credential;
}

}  // namespace globes::chat
