// Values as MongoDB's tools write them: Extended JSON, version 2 (canonical and relaxed) and version 1, and plain JSON
// in the forms that other dumps use. Plain functions, any thread. Source:
// https://www.mongodb.com/docs/manual/reference/mongodb-extended-json/
#pragma once

#include <boost/json/value.hpp>
#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.h"

namespace globes::maintenance {

/// Null, `{"$undefined":true}`.
bool is_nothing(const boost::json::value& value);

/// 5, 5.0, "5", `{"$numberInt":"5"}`, `$numberLong`, `$numberDouble`, `$numberDecimal`. Empty if it is not a whole
/// number.
std::optional<std::int64_t> whole_number(const boost::json::value& value);

/// A time from 1970-01-01T00:00:01Z to the end of the year 9999; empty for all other values, so that the zero times of
/// programs (the year 1, the year 1970) count as absent. Accepts `{"$date":…}` of a string, a number of milliseconds
/// or a `$numberLong`; `$timestamp`; a string in ISO 8601 with any fraction and offset (UTC by default); a number since
/// 1970, whose size determines whether it counts seconds, milliseconds, microseconds or nanoseconds.
std::optional<UnixMicros> time_of(const boost::json::value& value);

/// The 24 hexadecimal digits of `{"$oid":"…"}`, or of a plain string, in lower case.
std::optional<std::string> object_id(const boost::json::value& value);

/// The creation time of that id, from the seconds in it.
std::optional<UnixMicros> time_of_object_id(const std::string& id);

/// The bytes of `{"$binary":…}` in any of its forms, or of a plain text.
std::optional<std::string> text_or_bytes(const boost::json::value& value);

/// The bytes that `text` encodes in Base64; absent if `text` is not valid Base64.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace globes::maintenance
