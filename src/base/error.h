// The error codes of the API (docs/protocol.md#errors), and results with one of them. api/wire/errors.cc has their
// texts and statuses. Functions with expected failures return a Result. Exceptions are for start-up and the edges of
// tasks. Inside a store, a failed call of the database throws as well (SqliteError, DatabaseError); its threads catch
// it.
#pragma once

#include <cstdint>
#include <expected>
#include <string_view>

namespace globes {

/// The numbers are those of the protocol.
enum class ErrorCode : std::uint16_t {
    room_not_found = 101,
    duplicate_room = 102,
    room_invalid_json = 103,
    room_unauthorized = 104,
    room_invalid_content = 105,
    user_not_found = 201,
    duplicate_username = 202,
    client_invalid_json = 203,  ///< Reserved: not used at present.
    client_unauthorized = 204,
    session_not_established = 301,
    invalid_json = 303,
    unauthorized = 304,
    unsupported_device = 305,  ///< Reserved: not used at present.
    invalid_token = 403,
    path_not_found = 501,
    method_not_allowed = 502,
    too_many_requests = 503,
    too_large = 504,
    unavailable = 505,
    bad_request = 506,
    internal_error = 507,
};

/// A failure as a value. The texts always view a literal.
struct Error {
    ErrorCode code;
    std::string_view field = {};   ///< The invalid JSON field or query parameter; empty without one.
    std::string_view reason = {};  ///< A sentence for people, if the code alone does not say enough.
    std::string_view limit = {};   ///< The name of the exceeded limit, for the log; empty without one.

    friend bool operator==(const Error&, const Error&) = default;
};

template <class T>
using Result = std::expected<T, Error>;

}  // namespace globes
