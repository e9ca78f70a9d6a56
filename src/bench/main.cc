// globes-bench: options -> run -> report.
#include <fmt/format.h>

#include <exception>
#include <fstream>
#include <stdexcept>

#include "bench/options.h"
#include "bench/report.h"
#include "bench/run.h"

int main(int argc, char** argv) {
    using namespace globes::bench;
    int exit_code = 0;
    const auto options = parse_options(argc, argv, exit_code);
    if (!options) return exit_code;
    try {
        const Report report = run(*options);
        if (!options->is_quiet) fmt::print("{}", to_table(*options, report));
        if (!options->json_file.empty() &&
            !(std::ofstream(options->json_file) << to_json(*options, report) << std::flush)) {
            throw std::runtime_error("cannot write " + options->json_file);
        }
        return report.is_sound() ? 0 : 1;
    } catch (const std::exception& error) {
        fmt::print(stderr, "globes-bench: {}\n", error.what());
        return 1;
    }
}
