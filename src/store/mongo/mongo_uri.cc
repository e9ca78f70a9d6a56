#include "store/mongo/mongo_uri.h"

#include <fmt/format.h>
#include <mongoc/mongoc.h>

#include <iterator>
#include <memory>

namespace globes::store {
namespace {

using Uri = std::unique_ptr<mongoc_uri_t, decltype(&mongoc_uri_destroy)>;

bool is_unreserved(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
           c == '_' || c == '~';
}

std::string percent_encoded(std::string_view text) {
    std::string encoded;
    for (const char c : text) {
        if (is_unreserved(c))
            encoded.push_back(c);
        else
            fmt::format_to(std::back_inserter(encoded), "%{:02X}", static_cast<unsigned char>(c));
    }
    return encoded;
}

/// With an unescaped @ in the password, the driver would take a part of the password for a host and show it in
/// messages.
bool has_bare_at(std::string_view uri) {
    const std::string_view scheme = "://";
    const std::size_t begin = uri.find(scheme);
    if (begin == std::string_view::npos) return false;
    uri = uri.substr(begin + scheme.size());
    uri = uri.substr(0, uri.find('?'));
    const std::size_t at = uri.find('@');
    return at != uri.rfind('@') || (at != std::string_view::npos && uri.find('/') < at);
}

/// Captures the driver's warnings, which would otherwise quote the connection string on stderr.
class DriverWarnings {
public:
    DriverWarnings() {
        mongoc_log_set_handler(
            [](mongoc_log_level_t, const char*, const char*, void* any) { *static_cast<bool*>(any) = true; }, &any_);
    }
    ~DriverWarnings() { mongoc_log_set_handler(nullptr, nullptr); }
    DriverWarnings(const DriverWarnings&) = delete;
    DriverWarnings& operator=(const DriverWarnings&) = delete;

    bool any() const { return any_; }

private:
    bool any_ = false;
};

}  // namespace

std::string mongo_srv_uri(std::string_view user, std::string_view password, std::string_view cluster) {
    return fmt::format("mongodb+srv://{}:{}@{}/", percent_encoded(user), percent_encoded(password),
                       percent_encoded(cluster));
}

std::string mongo_uri_fault(const std::string& uri) {
    // Ignored: the text of the driver may quote any part of the URI.
    bson_error_t ignored;
    const DriverWarnings warnings;
    const Uri parsed(mongoc_uri_new_with_error(uri.c_str(), &ignored), mongoc_uri_destroy);
    if (parsed != nullptr && !warnings.any() && !has_bare_at(uri)) return {};
    constexpr std::string_view kSrv = "mongodb+srv://";
    if (!uri.starts_with("mongodb://") && !uri.starts_with(kSrv)) return "must begin with mongodb:// or mongodb+srv://";
    std::string fault =
        "is not a valid connection string; characters such as @ : / % in the name or the password must be "
        "percent-encoded, and options need a known name and value";
    if (uri.starts_with(kSrv)) fault += "; a mongodb+srv:// host must have at least three parts and no port";
    return fault;
}

std::string mongo_database(const std::string& uri) {
    const Uri parsed(mongoc_uri_new(uri.c_str()), mongoc_uri_destroy);
    const char* name = parsed != nullptr ? mongoc_uri_get_database(parsed.get()) : nullptr;
    return name != nullptr ? name : "";
}

std::string mongo_database_fault(std::string_view name) {
    // The rules of MongoDB, including those on Windows, because the server may run there.
    constexpr std::size_t kMaxBytes = 63;
    constexpr std::string_view kNotAllowed = "/\\. \"$*<>:|?";
    if (name.size() > kMaxBytes) return fmt::format("must have at most {} bytes", kMaxBytes);
    if (name.find_first_of(kNotAllowed) != std::string_view::npos)
        return "must not contain a blank or any of the characters / \\ . \" $ * < > : | ?";
    return {};
}

std::string mongo_hosts(const std::string& uri) {
    const Uri parsed(mongoc_uri_new(uri.c_str()), mongoc_uri_destroy);
    if (parsed == nullptr) return {};
    if (const char* service = mongoc_uri_get_srv_hostname(parsed.get())) return service;
    std::string hosts;
    for (const mongoc_host_list_t* host = mongoc_uri_get_hosts(parsed.get()); host != nullptr; host = host->next) {
        if (!hosts.empty()) hosts.push_back(',');
        hosts.append(host->host_and_port);
    }
    return hosts;
}

bool has_mongo_user(const std::string& uri) {
    const Uri parsed(mongoc_uri_new(uri.c_str()), mongoc_uri_destroy);
    return parsed != nullptr && mongoc_uri_get_username(parsed.get()) != nullptr;
}

}  // namespace globes::store
