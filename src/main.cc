// The composition root: flags -> configuration -> store -> the server, or a command.

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/config.h"
#include "base/logging.h"
#include "base/process.h"
#include "commands.h"
#include "net/tls.h"
#include "server.h"
#include "signals.h"
#include "store/memory/memory_store.h"
#include "store/mongo/mongo_store.h"
#include "store/mongo/mongo_uri.h"
#include "store/sqlite/sqlite_offline.h"
#include "store/sqlite/sqlite_store.h"

namespace globes {
namespace {

constexpr std::size_t kWarningBytes = 4096;  // a warning may name many keys

std::filesystem::path database_file(const Config& config) { return config.data_dir / "globes.db"; }

#ifdef GLOBES_WITH_MONGODB
/// Empty if MongoDB is not configured. Throws ConfigError for an invalid connection string or database name.
std::optional<store::MongoStoreSettings> mongodb_settings(const MongoSettings& mongodb, store::MongoUse use) {
    if (!mongodb.any()) return std::nullopt;
    const bool is_whole = !mongodb.uri.empty();
    std::string uri = is_whole ? mongodb.uri : store::mongo_srv_uri(mongodb.user, mongodb.password, mongodb.cluster);
    const auto check = [&](const char* variable, const std::string& fault) {
        if (!fault.empty()) throw ConfigError(mongodb.source + ": " + variable + ": " + fault);
    };
    check(is_whole ? "MONGODB_URI" : "MONGODB_CLUSTER", store::mongo_uri_fault(uri));
    check("MONGODB_DATABASE", store::mongo_database_fault(mongodb.database));
    const std::string named = store::mongo_database(uri);
    if (!named.empty() && !mongodb.database.empty() && named != mongodb.database)
        check("MONGODB_DATABASE", "names another database than MONGODB_URI");
    return store::MongoStoreSettings{
        .uri = std::move(uri),
        .database = mongodb.database,
        .use = use,
        .times = use == store::MongoUse::serve ? store::MongoTimes{} : store::kCommandTimes};
}

std::unique_ptr<chat::Store> open_mongodb(const store::MongoStoreSettings& settings) {
    return store::open_mongo_store(settings);
}

std::string mongodb_hosts(const store::MongoStoreSettings& settings) { return store::mongo_hosts(settings.uri); }
#else
std::optional<store::MongoStoreSettings> mongodb_settings(const MongoSettings& mongodb, store::MongoUse) {
    if (!mongodb.any()) return std::nullopt;
    throw ConfigError(mongodb.source + ": MONGODB_…: this server is built without MongoDB (GLOBES_WITH_MONGODB=OFF)");
}

// Never called: there are no settings.
std::unique_ptr<chat::Store> open_mongodb(const store::MongoStoreSettings&) { return nullptr; }
std::string mongodb_hosts(const store::MongoStoreSettings&) { return {}; }
#endif

/// Opens the configured store for the server or an import.
std::unique_ptr<chat::Store> open_store(const Config& config, store::MongoUse use) {
    if (const auto mongodb = mongodb_settings(config.mongodb, use)) return open_mongodb(*mongodb);
    if (config.store == StoreKind::memory) return store::make_memory_store();
    const bool power = config.durability == DurabilityLevel::power;
    return store::open_sqlite_store(database_file(config),
                                    {.durability = power ? store::Durability::power : store::Durability::process});
}

/// Opens the store for commands that only read; a server may have it open.
std::unique_ptr<chat::Store> open_store_to_read(const Config& config) {
    if (const auto mongodb = mongodb_settings(config.mongodb, store::MongoUse::read)) return open_mongodb(*mongodb);
    return store::open_sqlite_reader(database_file(config));
}

enum class Command : std::uint8_t { serve, export_rooms, import_rooms, backup, check };

/// The parsed command line.
struct Flags {
    Command command = Command::serve;
    ConfigSources sources;
    ExportOptions export_options;
    std::vector<std::filesystem::path> import_files;  // empty: standard input
    bool from_original = false;
    BackupOptions backup_options;
};

class CommandLine {
public:
    explicit CommandLine(Flags& flags) : flags_(flags) {
        add_common(app_);
        app_.failure_message([](const CLI::App* app, const CLI::Error& error) {
            return "globes: " + CLI::FailureMessage::simple(app, error);
        });
        app_.add_option("--address", flags.sources.address,
                        "Listen on this address; overrides PORT and Address (port 0: any free port)")
            ->type_name("HOST:PORT");
        app_.set_version_flag("--version", "Globes " GLOBES_VERSION);
        app_.require_subcommand(0, 1);
        add_export();
        add_import();
        add_backup();
        add_check();
    }

    /// Returns an exit code if the program must end now.
    std::optional<Exit> parse(int argc, char** argv) {
        try {
            app_.parse(argc, argv);
            if (flags_.command != Command::serve && app_.count("--address") > 0)
                throw CLI::ValidationError("--address", "only the server listens");
        } catch (const CLI::ParseError& error) {
            return app_.exit(error) == 0 ? Exit::fine : Exit::usage;
        }
        return std::nullopt;
    }

private:
    void add_common(CLI::App& app) {
        app.add_option("--config", flags_.sources.config_file, "Read this file instead of config.json")
            ->type_name("FILE");
        app.add_option("--env", flags_.sources.env_file, "Read this file instead of .env")->type_name("FILE");
        app.add_option("--data", flags_.sources.data_dir, "Folder of the database and the secret; overrides DataDir")
            ->type_name("DIR");
    }

    /// `footer`: text that --help prints after the flags.
    CLI::App& add_command(Command command, const char* name, const char* description, const char* footer) {
        CLI::App& app = *app_.add_subcommand(name, description);
        add_common(app);
        app.footer(footer);
        app.callback([this, command] { flags_.command = command; });
        return app;
    }

    static void add_force(CLI::App& app, maintenance::Existing& existing) {
        app.add_flag_callback(
            "--force", [&existing] { existing = maintenance::Existing::replace; }, "Overwrite FILE if it exists");
    }

    void add_export() {
        CLI::App& app = add_command(
            Command::export_rooms, "export", "Write rooms and their messages as lines of JSON",
            "Works beside a running server: it exports the state at its start. The file contains password hashes, so\n"
            "treat it like a password. `globes import` reads it into any kind of store.\n\n"
            "  globes export --output rooms.jsonl\n"
            "  globes export --room \"My chat room\" | gzip > room.jsonl.gz");
        app.add_option("--room", flags_.export_options.room, "Export only this room (id or title)")->type_name("ROOM");
        app.add_option("--output", flags_.export_options.output,
                       "Write to this file (mode 0600) instead of standard output; it appears when it is complete")
            ->type_name("FILE");
        add_force(app, flags_.export_options.existing);
    }

    void add_import() {
        CLI::App& app = add_command(
            Command::import_rooms, "import", "Import the rooms and messages of an export into the store",
            "Refused beside a running server. Skips data that exists already and is equal, so run an interrupted\n"
            "import again. Stops at the first line that is invalid or would change existing data, and prints how much\n"
            "it has imported.\n\n"
            "  globes import --data new-data rooms.jsonl\n"
            "  gunzip -c room.jsonl.gz | globes import\n\n"
            "With --from-original, the files are rooms and messages of the original system, written by mongoexport or\n"
            "as other JSON. All files are read first. If they contain faults, nothing is imported and each fault is\n"
            "printed as a line. Omitted and changed entries are counted. See docs/moving-from-the-original.md.\n\n"
            "  globes import --from-original rooms.json messages.json");
        app.add_option("file", flags_.import_files,
                       "The export; standard input if absent or -; several only with --from-original")
            ->type_name("FILE");
        app.add_flag("--from-original", flags_.from_original, "Import dumps of the original system's database");
        app.callback([this] {
            flags_.command = Command::import_rooms;
            if (!flags_.from_original && flags_.import_files.size() > 1)
                throw CLI::ExtrasError("import", {flags_.import_files[1].string()});
        });
    }

    void add_backup() {
        CLI::App& app = add_command(
            Command::backup, "backup", "Copy the SQLite database to a file",
            "Works beside a running server, without delaying it: it copies the database as it is at the start. To\n"
            "restore, stop the server, replace globes.db with the file, and remove globes.db-wal and globes.db-shm.\n"
            "DataDir/secret is a separate file: copy it too.\n\n"
            "  globes backup globes-backup.db");
        app.add_option("file", flags_.backup_options.output, "Write to this file (mode 0600); it appears when complete")
            ->type_name("FILE")
            ->required();
        add_force(app, flags_.backup_options.existing);
    }

    void add_check() {
        add_command(
            Command::check, "check", "Verify the invariants of the store",
            "Works beside a running server. Verifies the database file, that the messages of each room are\n"
            "numbered without gaps, that looking up the id of a message returns this message, that each message\n"
            "has a room, that titles and ids of rooms are unique, and that each room has a salt. Prints a line\n"
            "for each fault, and their number in the last line. Exit code 3 if it finds faults, 1 if it could\n"
            "not read everything.");
    }

    Flags& flags_;
    CLI::App app_{
        "Globes, a chat-room server: rooms over REST, chat over WebSockets, durable history.\n"
        "By default it reads config.json and .env in the working directory, listens on 127.0.0.1:5000 and stores\n"
        "its data in the folder data. Keys and variables: docs/configuration.md"};
};

/// Throws ConfigError if the command does not support the configured store.
void check_command(Command command, const Config& config) {
    const bool is_on_mongodb = mongodb_settings(config.mongodb, store::MongoUse::read).has_value();
    if (command == Command::backup && is_on_mongodb)
        throw ConfigError("backup: only for SQLite; use mongodump for MongoDB");
    if (command != Command::serve && !is_on_mongodb && config.store == StoreKind::memory)
        throw ConfigError("Store: \"memory\" stores nothing outside the server's process; commands need another store");
}

/// The kind and place of the store, for the log.
std::string store_description(const Config& config) {
    if (const auto mongodb = mongodb_settings(config.mongodb, store::MongoUse::serve))
        return fmt::format("kind=mongodb hosts={}", log_value(mongodb_hosts(*mongodb)));
    if (config.store == StoreKind::memory) return "kind=memory";
    return fmt::format("kind=sqlite file={}", log_value(database_file(config).string()));
}

/// A supervisor that limits the processor time must restart the server, so SIGXCPU ends with a failure.
Exit exit_of_signal(int signal) { return signal == SIGXCPU ? Exit::failure : Exit::fine; }

Exit serve_until_stopped(const Config& config, const Logging& logging) {
    const auto open = [&] {
        auto store = open_store(config, store::MongoUse::serve);
        spdlog::info("event=store {}", store_description(config));
        return store;
    };
    // Destroys no objects, because another thread still uses them.
    const auto leave = [](int ended_by) { std::_Exit(static_cast<int>(exit_of_signal(ended_by))); };
    const int signal = serve(config, logging, open, leave);
    ignore_signals(SignalPhase::ended);
    return exit_of_signal(signal);
}

Exit import_files(chat::Store& store, const Flags& flags) {
    auto files = flags.import_files;
    if (files.empty()) files.emplace_back("-");
    return flags.from_original ? import_original(store, files) : import_store(store, files.front());
}

Exit run_command(const Flags& flags, const Config& config) {
    const Logging logging(config.log_level);
    for (const std::string& warning : config.warnings)
        spdlog::warn("event=configuration note={}", log_value(warning, kWarningBytes));
    switch (flags.command) {
        case Command::serve:
            return serve_until_stopped(config, logging);
        case Command::export_rooms:
            return export_store(*open_store_to_read(config), flags.export_options);
        case Command::import_rooms:
            return import_files(*open_store(config, store::MongoUse::import), flags);
        case Command::backup:
            return back_up(database_file(config), flags.backup_options);
        case Command::check:
            break;
    }
    const auto database = config.mongodb.any() ? std::nullopt : std::optional(database_file(config));
    return check(database, [&] { return open_store_to_read(config); });
}

Exit run(int argc, char** argv) {
    open_standard_descriptors();
    Flags flags;
    if (const auto exit = CommandLine(flags).parse(argc, argv)) return *exit;
    ignore_signals(flags.command == Command::serve ? SignalPhase::serving : SignalPhase::command);
    Config config;
    try {
        config = load_config(flags.sources);
        check_command(flags.command, config);
    } catch (const ConfigError& error) {
        fmt::print(stderr, "globes: {}\n", error.what());
        return Exit::usage;
    }
    try {
        return run_command(flags, config);
    } catch (const net::CertificateError& error) {
        fmt::print(stderr, "globes: {}\n", error.what());
        return Exit::usage;
    } catch (const std::filesystem::filesystem_error& error) {
        fmt::print(stderr, "globes: {}: cannot be opened: {}\n", error.path1().string(), error.code().message());
        return Exit::failure;
    } catch (const std::exception& error) {
        fmt::print(stderr, "globes: {}\n", error.what());
        return Exit::failure;
    }
}

}  // namespace
}  // namespace globes

int main(int argc, char** argv) {
    try {
        return static_cast<int>(globes::run(argc, argv));
    } catch (const std::exception& error) {
        std::fprintf(stderr, "globes: %s\n", error.what());
        return static_cast<int>(globes::Exit::failure);
    }
}
