#include "commands.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <stdexcept>
#include <system_error>

#include "base/clock.h"
#include "maintenance/check.h"
#include "maintenance/export.h"
#include "maintenance/import.h"
#include "maintenance/lines.h"
#include "maintenance/progress.h"
#include "store/sqlite/sqlite_backup.h"
#include "store/sqlite/sqlite_check.h"

namespace globes {
namespace {

using maintenance::Progress;

const SystemClock kClock;

Progress progress_of(const char* action, const char* unit) {
    return Progress(action, unit, kClock, maintenance::write_to_terminal());
}

void print_fault(const std::string& fault) { fmt::print("fault: {}\n", fault); }

/// A file that is read; stdin stays open.
class InputFile {
public:
    explicit InputFile(const std::optional<std::filesystem::path>& file) {
        if (!file || *file == "-") return;
        name_ = file->string();
        fd_ = ::open(file->c_str(), O_RDONLY | O_CLOEXEC);
        if (fd_ < 0)
            throw std::runtime_error(
                fmt::format("{}: cannot be opened: {}", name_, std::generic_category().message(errno)));
    }
    ~InputFile() {
        if (fd_ != STDIN_FILENO) ::close(fd_);
    }
    InputFile(const InputFile&) = delete;
    InputFile& operator=(const InputFile&) = delete;

    int descriptor() const { return fd_; }
    const std::string& name() const { return name_; }

private:
    std::string name_ = "standard input";
    int fd_ = STDIN_FILENO;
};

}  // namespace

Exit export_store(chat::Store& store, const ExportOptions& options) {
    std::optional<maintenance::OutputFile> file;
    if (options.output) file.emplace(*options.output, options.existing);
    maintenance::LineWriter out(file ? file->descriptor() : STDOUT_FILENO,
                                file ? file->partial().string() : "standard output");
    maintenance::Exported exported;
    {
        Progress progress = progress_of("export", "events");
        exported = maintenance::export_rooms(store, options.room, out, progress);
    }
    if (!file) return Exit::fine;
    file->finish();
    fmt::print("{}: {} rooms, {} events\n", options.output->string(), exported.rooms, exported.events);
    return Exit::fine;
}

Exit import_store(chat::Store& store, const std::optional<std::filesystem::path>& file) {
    const InputFile input(file);
    if (::isatty(input.descriptor()) != 0) {
        fmt::print(stderr, "globes: import: name a file, or pipe an export in\n");
        return Exit::usage;
    }
    maintenance::LineReader in(input.descriptor(), input.name());
    maintenance::ImportReport report;
    {
        Progress progress = progress_of("import", "events");
        report = maintenance::import_rooms(store, in, progress);
    }
    store.stop();
    const auto done = fmt::format("imported {} rooms and {} events; {} rooms and {} events were there already",
                                  report.rooms, report.events, report.known_rooms, report.known_events);
    if (!report.fault) {
        fmt::print("{}\n", done);
        return Exit::fine;
    }
    fmt::print(stderr, "globes: {}\n", *report.fault);
    fmt::print(stderr, "globes: until then: {}. Import again goes on from there.\n", done);
    return Exit::failure;
}

Exit back_up(const std::filesystem::path& database, const BackupOptions& options) {
    if (std::error_code ignored; std::filesystem::equivalent(database, options.output, ignored))
        throw std::runtime_error(fmt::format("{}: is the database itself", options.output.string()));
    maintenance::OutputFile file(options.output, options.existing);
    {
        Progress progress = progress_of("backup", "pages");
        store::back_up_sqlite(database, file.partial(),
                              [&](std::uint64_t copied, std::uint64_t all) { progress.at_part(copied, all); });
    }
    const auto bytes = std::filesystem::file_size(file.partial());
    file.finish();
    fmt::print("{}: {} bytes\n", options.output.string(), bytes);
    return Exit::fine;
}

Exit check(const std::optional<std::filesystem::path>& database,
           const std::function<std::unique_ptr<chat::Store>()>& open) {
    std::uint64_t file_faults = 0;
    if (database) {
        // Shown before it begins: nothing tells how far it is.
        Progress progress = progress_of("check of the database", "bytes to read");
        progress.at(std::filesystem::exists(*database) ? std::filesystem::file_size(*database) : 0);
        for (const std::string& fault : store::check_sqlite(*database)) {
            print_fault(fault);
            ++file_faults;
        }
    }
    maintenance::CheckReport report;
    try {
        const auto store = open();
        Progress progress = progress_of("check", "events");
        report = maintenance::check_store(*store, print_fault, progress);
        store->stop();
    } catch (const std::runtime_error& error) {
        if (file_faults == 0) throw;
        print_fault(error.what());
        ++report.faults;
    }
    const std::uint64_t faults = file_faults + report.faults;
    fmt::print("checked {} rooms and {} events: {} faults\n", report.rooms, report.events, faults);
    return faults == 0 ? Exit::fine : Exit::faults;
}

}  // namespace globes
