#include "contract/sqlite_files.h"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <memory>

namespace globes::store {
namespace {

std::int64_t first_number(const std::filesystem::path& file, const std::string& sql) {
    sqlite3* opened = nullptr;
    EXPECT_EQ(sqlite3_open(file.c_str(), &opened), SQLITE_OK);
    const std::unique_ptr<sqlite3, decltype(&sqlite3_close)> database(opened, sqlite3_close);
    sqlite3_busy_timeout(opened, 10'000);
    std::int64_t number = -1;
    const auto take = [](void* out, int, char** values, char**) {
        *static_cast<std::int64_t*>(out) = values[0] == nullptr ? -1 : std::stoll(values[0]);
        return 0;
    };
    EXPECT_EQ(sqlite3_exec(opened, sql.c_str(), take, &number, nullptr), SQLITE_OK) << sqlite3_errmsg(opened);
    return number;
}

}  // namespace

void run_sql(const std::filesystem::path& file, const std::string& sql) { first_number(file, sql); }

std::int64_t ask_sql(const std::filesystem::path& file, const std::string& sql) { return first_number(file, sql); }

}  // namespace globes::store
