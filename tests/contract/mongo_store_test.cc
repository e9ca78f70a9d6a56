#include "store/mongo/mongo_store.h"

#include <gmock/gmock.h>

#include "contract/ferretdb.h"
#include "contract/store_suite.h"

namespace globes::store {
namespace {

using namespace globes::chat;
using namespace std::chrono_literals;

// The suite asks for more than anybody has patience for in a room, of a server that reads every document for a query.
constexpr MongoTimes kPatient{.socket = 60s, .lookup = 60s, .batch = 60s, .read = 60s};

INSTANTIATE_TEST_SUITE_P(Mongo, StoreSuite,
                         testing::Values(StoreKind{
                             .name = "mongo",
                             .is_persistent = true,
                             .open = [](const auto& folder, StoreLimits limits) -> std::unique_ptr<Store> {
                                 if (!shared_mongodb()) return nullptr;
                                 return open_mongo_store({.uri = *shared_mongodb() + folder.filename().string(),
                                                          .times = kPatient,
                                                          .limits = limits});
                             }}),
                         [](const auto& kind) { return kind.param.name; });

}  // namespace
}  // namespace globes::store
