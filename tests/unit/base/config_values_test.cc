#include "base/config_values.h"

#include <gtest/gtest.h>

#include <string>

#include "base/config.h"

namespace globes {
namespace {

std::string meant(std::string_view key) { return std::string(meant_key(key, environment_keys()).value_or("")); }

TEST(ConfigHint, FindsMisspelledKeys) {
    EXPECT_EQ(meant("SECRETKEY"), "SECRET_KEY");
    EXPECT_EQ(meant("secret_key"), "SECRET_KEY");
    EXPECT_EQ(meant("SECRET-KEYS"), "SECRET_KEY");
    EXPECT_EQ(meant("SERCET_KEY"), "SECRET_KEY");
    EXPECT_EQ(meant("MONGO_URI"), "MONGODB_URI");
    EXPECT_EQ(meant("MONGODB_URL"), "MONGODB_URI");
    EXPECT_EQ(meant("MONGO_USER"), "MONGODB_USER");
    EXPECT_EQ(meant("MONGO_PASSWORD"), "MONGODB_PASSWORD");
    EXPECT_EQ(meant("Port"), "PORT");
}

TEST(ConfigHint, KnowsTheKeysOfOtherPrograms) {
    EXPECT_EQ(meant("JWT_SECRET"), "SECRET_KEY");
    EXPECT_EQ(meant("DB_USER"), "MONGODB_USER");
    EXPECT_EQ(meant("DB_PASSWORD"), "MONGODB_PASSWORD");
    EXPECT_EQ(meant("DB_CLUSTER"), "MONGODB_CLUSTER");
    EXPECT_EQ(meant("DB_URI"), "MONGODB_URI");
    EXPECT_EQ(meant("DB_NAME"), "MONGODB_DATABASE");
    EXPECT_EQ(meant("MONGODB_DB"), "MONGODB_DATABASE");
    EXPECT_EQ(meant("MONGO_URL"), "MONGODB_URI");
    EXPECT_EQ(meant("MONGODB_HOST"), "MONGODB_CLUSTER");
    EXPECT_EQ(meant("MONGO_PASS"), "MONGODB_PASSWORD");
}

TEST(ConfigHint, HasNoHintForUnrelatedKeys) {
    for (const auto* key : {"PATH", "HOST", "HOME", "COMPOSE_PROJECT_NAME", "POSTGRES_PASSWORD", "API_KEY", "NODE_ENV",
                            "DATABASE_URL", "K", ""})
        EXPECT_EQ(meant(key), "") << key;
    EXPECT_EQ(meant(std::string(100'000, 'M')), "");
}

}  // namespace
}  // namespace globes
