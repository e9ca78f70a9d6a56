// The maintenance commands: their output and exit codes. Called by main, on the main thread; src/maintenance and
// src/store do the work.
//
// Results go to stdout, errors to stderr, and progress to stderr if it is a terminal. All commands throw std::exception
// with a message for the operator if they fail.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "chat/store.h"
#include "maintenance/files.h"

namespace globes {

/// How the program ends.
enum class Exit : std::uint8_t { fine = 0, failure = 1, usage = 2, faults = 3 };

struct ExportOptions {
    std::optional<std::string> room;              ///< An id or a title; empty: all rooms.
    std::optional<std::filesystem::path> output;  ///< Empty: stdout.
    maintenance::Existing existing = maintenance::Existing::refuse;
};

struct BackupOptions {
    std::filesystem::path output;
    maintenance::Existing existing = maintenance::Existing::refuse;
};

/// `store`: no call was made yet, here and below.
Exit export_store(chat::Store& store, const ExportOptions& options);

/// `file`: `-` is stdin, here and below.
Exit import_store(chat::Store& store, const std::filesystem::path& file);

/// `files`: dumps of the original system's database, read in this order.
Exit import_original(chat::Store& store, const std::vector<std::filesystem::path>& files);

/// Backs up a SQLite file.
Exit back_up(const std::filesystem::path& database, const BackupOptions& options);

/// Returns Exit::faults if the store has faults, Exit::failure if a part of it could not be read. `database`: the
/// SQLite file, whose pages are verified too; empty for other stores. `open` opens the store; if the file is broken,
/// its exception counts as a fault.
Exit check(const std::optional<std::filesystem::path>& database,
           const std::function<std::unique_ptr<chat::Store>()>& open);

}  // namespace globes
