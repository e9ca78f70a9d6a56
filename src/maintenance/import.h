// `globes import`: the lines of an export into a store that may hold other rooms, or a part of these already.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "chat/store.h"
#include "maintenance/export_format.h"
#include "maintenance/lines.h"
#include "maintenance/progress.h"

namespace globes::maintenance {

/// Where an import takes its lines from.
class ImportLines {
public:
    virtual ~ImportLines() = default;

    /// The next one; none at the end. Throws ExportFormatError if it is wrong, std::runtime_error if it can't be read.
    virtual std::optional<ExportLine> next() = 0;
    /// Of the line that `next` returned last, from 1.
    virtual std::uint64_t number() const = 0;
    /// How a message for the operator names the line of that number.
    virtual std::string place(std::uint64_t number) const = 0;
    /// How much of all was read, if that is known.
    virtual std::optional<double> share() const = 0;
    /// The rooms that are going to come, if they are known before they do.
    virtual std::vector<chat::RoomRecord> rooms() const { return {}; }
    /// What room 1 becomes, if it comes and that can be found out before it does. May read ahead.
    virtual std::optional<chat::RoomRecord> public_chat() const = 0;
};

struct ImportReport {
    std::uint64_t rooms = 0;   ///< That were made.
    std::uint64_t events = 0;  ///< That were stored.
    /// That were there already, equal to those of the file.
    std::uint64_t known_rooms = 0;
    std::uint64_t known_events = 0;
    /// Why it ended before the end, with file and line; none if all was imported.
    std::optional<std::string> fault;
    bool may_be_repeated = false;  ///< The same import may go on from there another time.
    /// Which of the rooms that are known beforehand can't come, and why; then nothing is imported.
    std::vector<std::string> conflicts;
};

/// Brings everything in `in` into `store`, a bounded number of events at a time, in the order of the file.
///
/// 1. Stops at the first line that is wrong; what stands before it stays imported, as the report says.
/// 2. May be repeated, also after a kill: rooms and events that are there and equal are left alone, and a room goes on
///    where it ended.  3. Never changes what is there: another room of an id or a title, or another event of a seq or
///    an id, is a fault. Only the Public Chat of a server in which nobody has said anything yet is replaced.
/// 4. Seqs and room ids go on as they would have where the export was made.
/// `store` was not called yet, and nobody else writes to it. Throws std::runtime_error as `load_rooms` does.
ImportReport import_rooms(chat::Store& store, ImportLines& in, Progress& progress);
/// The lines of an export.
ImportReport import_rooms(chat::Store& store, LineReader& in, Progress& progress);

}  // namespace globes::maintenance
