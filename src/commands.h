// The maintenance commands as the shell knows them: what they print, and how they end. Called by main, on the main
// thread; what they do stands in src/maintenance and src/store.
//
// Results go to stdout, what is wrong to stderr, and progress there too where it is a terminal. All throw
// std::exception with a message for the operator where they can't do their work.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "chat/store.h"
#include "maintenance/output_file.h"

namespace globes {

/// How the program ends.
enum class Exit : std::uint8_t { fine = 0, failure = 1, usage = 2, faults = 3 };

struct ExportOptions {
    std::optional<std::string> room;              ///< An id or a title; none: all rooms.
    std::optional<std::filesystem::path> output;  ///< None: stdout.
    maintenance::Existing existing = maintenance::Existing::refuse;
};

struct BackupOptions {
    std::filesystem::path output;
    maintenance::Existing existing = maintenance::Existing::refuse;
};

/// `store` was not called yet, here and below.
Exit export_store(chat::Store& store, const ExportOptions& options);

/// `file`: `-` is stdin, here and below.
Exit import_store(chat::Store& store, const std::filesystem::path& file);

/// Dumps of the original system's database, read in this order.
Exit import_original(chat::Store& store, const std::vector<std::filesystem::path>& files);

/// Of a SQLite file.
Exit back_up(const std::filesystem::path& database, const BackupOptions& options);

/// Exit::faults where anything is wrong, Exit::failure where something could not be read. Of a SQLite file `database`
/// the pages too; with another store there is none. `open` opens the store; where the file is broken, what it throws is
/// a fault as well.
Exit check(const std::optional<std::filesystem::path>& database,
           const std::function<std::unique_ptr<chat::Store>()>& open);

}  // namespace globes
