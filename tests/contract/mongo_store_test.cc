#include "store/mongo/mongo_store.h"

#include <gmock/gmock.h>

#include "contract/ferretdb.h"
#include "contract/store_suite.h"

namespace globes::store {
namespace {

using namespace globes::chat;
using namespace std::chrono_literals;

// The suite stores so many events in a room that a server that reads every document for a query is too slow for it.
constexpr MongoTimes kPatient{
    .selection = 60s, .connect = 60s, .socket = 60s, .lookup = 60s, .batch = 60s, .read = 60s};

StoreKind kind(std::string name, std::optional<std::string> (*server)()) {
    return {.name = std::move(name),
            .is_persistent = true,
            .page_threads = MongoStoreSettings().readers,
            .open = [server](const auto& folder, StoreLimits limits) -> std::unique_ptr<Store> {
                if (!server()) return nullptr;
                return open_mongo_store(
                    {.uri = *server() + folder.filename().string(), .times = kPatient, .limits = limits});
            }};
}

INSTANTIATE_TEST_SUITE_P(Mongo, StoreSuite,
                         testing::Values(kind("mongo", shared_mongodb), kind("java", shared_mongo_java_server)),
                         [](const auto& kind) { return kind.param.name; });

}  // namespace
}  // namespace globes::store
