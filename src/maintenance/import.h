// `globes import`: imports the lines of an export into a store that may contain other rooms, or a part of these
// already. A blocking function, for the thread of the command, which owns the lines.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "chat/store.h"
#include "maintenance/export_format.h"
#include "maintenance/files.h"
#include "maintenance/progress.h"

namespace globes::maintenance {

/// The source of an import's lines.
class ImportLines {
public:
    virtual ~ImportLines() = default;

    /// The next line; empty at the end. Throws ExportFormatError if it is invalid, std::runtime_error if it cannot be
    /// read.
    virtual std::optional<ExportLine> next() = 0;
    /// The number of the last line that `next` returned, from 1.
    virtual std::uint64_t number() const = 0;
    /// The name of the line of that number in messages for the operator.
    virtual std::string place(std::uint64_t number) const = 0;
    /// The share of the input that was read, if it is known.
    virtual std::optional<double> share() const = 0;
    /// The rooms that will follow, if they are known in advance.
    virtual std::vector<chat::RoomRecord> rooms() const { return {}; }
    /// The record of room 1, if it follows and can be found in advance. May read ahead.
    virtual std::optional<chat::RoomRecord> public_chat() const = 0;
    /// `old_keys_until` of imported rooms that have no salt in these lines; 0 if no server of these rooms had the keys.
    virtual UnixMicros old_keys_until() const { return 0; }
};

struct ImportReport {
    std::uint64_t rooms = 0;   ///< Created rooms.
    std::uint64_t events = 0;  ///< Stored events.
    /// Rooms and events that existed already and are equal.
    std::uint64_t known_rooms = 0;
    std::uint64_t known_events = 0;
    /// Why the import ended early, with file and line; empty if everything was imported.
    std::optional<std::string> fault;
    bool may_be_repeated = false;  ///< The same import can continue from there later.
    /// Rooms known in advance that cannot be imported, with reasons; then nothing is imported.
    std::vector<std::string> conflicts;
};

/// Imports everything in `in` into `store`, a bounded number of events at a time, in the order of the file.
///
/// - Stops at the first invalid line; earlier lines stay imported, as the report says.
/// - May be repeated, also after a kill: equal rooms and events are skipped, and a room continues where it ended.
/// - Never changes existing data: another room with the same id or title, or another event with the same seq or id, is
/// a fault. The only data it replaces is a Public Chat without messages.
/// - Seqs and room ids continue as they would have in the exported store.
/// - A room without a salt keeps that of the equal room in the store, or gets a new one.
///
/// `store`: no call was made yet, and nobody else writes to it. Throws std::runtime_error as `load_rooms` does.
ImportReport import_rooms(chat::Store& store, ImportLines& in, Progress& progress);
/// The lines of an export. `now`: until when tokens of rooms that have no salt in the export may have been issued.
ImportReport import_rooms(chat::Store& store, LineReader& in, UnixMicros now, Progress& progress);

}  // namespace globes::maintenance
