// The lines of an export (docs/operations.md#the-export-file): values to JSON and back. Plain functions, any thread.
//
// Equal values give equal bytes, so that two exports can be compared with cmp.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <variant>

#include "chat/store.h"

namespace globes::maintenance {

inline constexpr std::int64_t kExportVersion = 1;

/// The first line.
struct ExportHead {
    chat::RoomId next_room_id = 1;
};
/// The last line, whose absence shows that a file is truncated.
struct ExportEnd {
    std::uint64_t rooms = 0;
    std::uint64_t events = 0;
};
/// A room precedes its events, which are in the order of their seqs.
using ExportLine = std::variant<ExportHead, chat::StoredRoom, chat::Event, ExportEnd>;

std::string export_line(const ExportHead& head);
std::string export_line(const chat::StoredRoom& room);
std::string export_line(const chat::Event& event);
std::string export_line(const ExportEnd& end);

/// An invalid line, with a message for the operator.
class ExportFormatError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// Checks everything that can be checked in one line: invalid JSON, missing, unknown and invalid fields, values that
/// the server would not have stored. A room of an export from before rooms had salts has none. Throws
/// ExportFormatError.
ExportLine read_export_line(std::string_view line);

}  // namespace globes::maintenance
