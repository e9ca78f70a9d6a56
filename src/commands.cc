#include "commands.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

#include "base/clock.h"
#include "maintenance/check.h"
#include "maintenance/document_reader.h"
#include "maintenance/export.h"
#include "maintenance/files.h"
#include "maintenance/import.h"
#include "maintenance/original_dump.h"
#include "maintenance/progress.h"
#include "store/sqlite/sqlite_offline.h"

namespace globes {
namespace {

using maintenance::Progress;

const SystemClock kClock;

Progress progress_of(const char* action, const char* unit) {
    return Progress(action, unit, kClock, maintenance::write_to_terminal());
}

void print_fault(const std::string& fault) { fmt::print("fault: {}\n", fault); }
void print_unread(const std::string& unread) { fmt::print(stderr, "globes: {}\n", unread); }

/// A file that is read; stdin stays open.
class InputFile {
public:
    explicit InputFile(const std::filesystem::path& file) {
        if (file == "-") return;
        name_ = file.string();
        file_ = FileDescriptor(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
        if (!file_.is_open())
            throw std::runtime_error(
                fmt::format("{}: cannot be opened: {}", name_, std::generic_category().message(errno)));
    }

    /// True if the input is a terminal, where no export is expected.
    bool is_terminal() const { return ::isatty(descriptor()) != 0; }
    int descriptor() const { return file_.is_open() ? file_.get() : STDIN_FILENO; }
    const std::string& name() const { return name_; }

private:
    std::string name_ = "standard input";
    FileDescriptor file_;
};

Exit ask_for_a_file() {
    fmt::print(stderr, "globes: import: name a file, or pipe an export to standard input\n");
    return Exit::usage;
}

Exit tell_import(const maintenance::ImportReport& report) {
    const auto done = fmt::format("imported {} rooms and {} events; {} rooms and {} events existed already",
                                  report.rooms, report.events, report.known_rooms, report.known_events);
    if (!report.fault) {
        fmt::print("{}\n", done);
        return Exit::fine;
    }
    fmt::print(stderr, "globes: {}\n", *report.fault);
    fmt::print(stderr, "globes: before that: {}{}\n", done,
               report.may_be_repeated ? ". Another import of the same file continues there." : "");
    return Exit::failure;
}

/// `faults`: the first of `count`.
Exit tell_refusal(const std::vector<std::string>& faults, std::uint64_t count) {
    for (const std::string& fault : faults) fmt::print(stderr, "globes: {}\n", fault);
    if (count > faults.size()) fmt::print(stderr, "globes: and {} more\n", count - faults.size());
    fmt::print(stderr, "globes: {} faults: nothing was imported\n", count);
    return Exit::failure;
}

}  // namespace

Exit export_store(chat::Store& store, const ExportOptions& options) {
    std::optional<maintenance::OutputFile> file;
    if (options.output) file.emplace(*options.output, options.existing);
    maintenance::BufferedLineWriter out(file ? file->descriptor() : STDOUT_FILENO,
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

Exit import_store(chat::Store& store, const std::filesystem::path& file) {
    const InputFile input(file);
    if (input.is_terminal()) return ask_for_a_file();
    maintenance::LineReader in(input.descriptor(), input.name());
    maintenance::ImportReport report;
    {
        Progress progress = progress_of("import", "events");
        report = maintenance::import_rooms(store, in, SystemClock().now_us(), progress);
    }
    store.stop();
    return tell_import(report);
}

Exit import_original(chat::Store& store, const std::vector<std::filesystem::path>& files) {
    maintenance::OriginalDump dump;
    for (const std::filesystem::path& file : files) {
        const InputFile input(file);
        if (input.is_terminal()) return ask_for_a_file();
        maintenance::DocumentReader in(input.descriptor(), input.name());
        Progress progress = progress_of("reading", "entries");
        dump.read(in, progress);
    }
    dump.finish();
    if (dump.fault_count() > 0) return tell_refusal(dump.faults(), dump.fault_count());
    maintenance::ImportReport report;
    {
        Progress progress = progress_of("import", "events");
        report = maintenance::import_rooms(store, dump, progress);
    }
    store.stop();
    if (!report.conflicts.empty()) return tell_refusal(report.conflicts, report.conflicts.size());
    for (const std::string& line : dump.summary()) fmt::print("{}\n", line);
    return tell_import(report);
}

Exit back_up(const std::filesystem::path& database, const BackupOptions& options) {
    if (std::error_code ignored; std::filesystem::equivalent(database, options.output, ignored))
        throw std::runtime_error(fmt::format("{}: is the database; name another file", options.output.string()));
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
    std::vector<std::string> faults_of_file;
    if (database) {
        // Printed before the check, which reports no progress.
        Progress progress = progress_of("check of the database", "bytes to read");
        progress.at(std::filesystem::exists(*database) ? std::filesystem::file_size(*database) : 0);
        faults_of_file = store::check_sqlite(*database);
        for (const std::string& fault : faults_of_file) print_fault(fault);
    }
    maintenance::CheckReport report;
    try {
        const auto store = open();
        Progress progress = progress_of("check", "events");
        report = maintenance::check_store(*store, {.on_fault = print_fault, .on_unread = print_unread}, progress);
        store->stop();
    } catch (const std::runtime_error& error) {
        if (faults_of_file.empty()) throw;
        // The check of the file has found the same already if it is not a database at all.
        if (std::ranges::find(faults_of_file, error.what()) == faults_of_file.end()) {
            print_fault(error.what());
            ++report.faults;
        }
    }
    const std::uint64_t faults = faults_of_file.size() + report.faults;
    const std::string unread = report.unread == 0 ? "" : fmt::format(", {} could not be read", report.unread);
    fmt::print("checked {} rooms and {} events: {} faults{}\n", report.rooms, report.events, faults, unread);
    if (faults > 0) return Exit::faults;
    return report.unread == 0 ? Exit::fine : Exit::failure;
}

}  // namespace globes
