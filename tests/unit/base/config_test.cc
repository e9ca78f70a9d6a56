#include "base/config.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include <fstream>
#include <map>

#include "base/config_json.h"

namespace globes {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

/// Each test works in an empty folder of its own, because the default files are in the working folder.
class ConfigTest : public testing::Test {
protected:
    ConfigTest() {
        std::string name = (std::filesystem::temp_directory_path() / "globes-config-XXXXXX").string();
        folder_ = mkdtemp(name.data());
        std::filesystem::current_path(folder_);
        sources_.environment = [this](const char* variable) -> std::optional<std::string> {
            const auto found = environment_.find(variable);
            return found == environment_.end() ? std::nullopt : std::optional(found->second);
        };
    }
    ~ConfigTest() override {
        std::filesystem::current_path(started_in_);
        std::filesystem::remove_all(folder_);
    }

    static void write(const char* name, std::string_view text) { std::ofstream(name) << text; }
    Config load() const { return load_config(sources_); }
    Config load(std::string_view json) const {
        write("config.json", json);
        return load();
    }
    std::string error() const {
        try {
            load();
        } catch (const ConfigError& failure) {
            return failure.what();
        }
        return "(accepted)";
    }
    std::string error(std::string_view json) const {
        write("config.json", json);
        return error();
    }

    const std::filesystem::path started_in_ = std::filesystem::current_path();
    std::filesystem::path folder_;
    std::map<std::string, std::string> environment_;
    ConfigSources sources_;
};

std::string texts(const std::vector<IpRange>& ranges) {
    std::string texts;
    for (const IpRange& range : ranges) texts += (texts.empty() ? "" : " ") + range.text();
    return texts;
}

TEST_F(ConfigTest, DefaultsApplyIfNothingIsSet) {
    const auto config = load();
    EXPECT_EQ(config.address, (HostPort{"127.0.0.1", 5000}));
    EXPECT_EQ(config.redis_url, "");
    EXPECT_EQ(config.read_timeout, std::chrono::seconds(10));
    EXPECT_EQ(config.write_timeout, std::chrono::seconds(10));
    EXPECT_EQ(config.keep_alive_timeout, std::chrono::seconds(75));
    EXPECT_EQ(config.max_header_bytes, 16384u);
    EXPECT_EQ(config.static_dir, "");
    EXPECT_EQ(config.data_dir, "data");
    EXPECT_EQ(config.store, StoreKind::sqlite);
    EXPECT_TRUE(config.allowed_origins.empty());
    EXPECT_TRUE(config.hosts.empty());
    EXPECT_TRUE(config.frame_ancestors.empty());
    EXPECT_EQ(config.token_life, std::chrono::minutes(60));
    EXPECT_FALSE(config.require_owner);
    EXPECT_EQ(config.messages_per_second, 20u);
    EXPECT_EQ(config.message_burst, 60u);
    EXPECT_EQ(config.backlog_bytes, 1048576u);
    EXPECT_EQ(config.io_threads, 0u);
    EXPECT_EQ(config.hash_threads, 0u);
    EXPECT_EQ(config.max_connections, 0u);
    EXPECT_EQ(config.of_address.open_connections, 100u);
    EXPECT_EQ(config.of_address.connections_per_minute, 1200u);
    EXPECT_EQ(config.of_address.requests_per_minute, 6000u);
    EXPECT_EQ(config.of_address.upgrades_per_minute, 600u);
    EXPECT_EQ(config.of_address.rooms_per_hour, 100u);
    EXPECT_EQ(config.of_address.tokens_per_minute, 120u);
    EXPECT_EQ(config.of_address.joins_per_minute, 600u);
    EXPECT_EQ(config.of_address.events_per_minute, 6000u);
    EXPECT_EQ(config.of_address.stored_bytes_per_hour, 268'435'456u);
    EXPECT_EQ(config.of_address.history_per_minute, 1200u);
    EXPECT_EQ(config.of_address.guesses_per_minute, 120u);
    EXPECT_TRUE(config.trusted_proxies.empty());
    EXPECT_EQ(texts(config.metrics_addresses), "0.0.0.0/0 ::/0");
    EXPECT_EQ(texts(config.of_address.exempt), "127.0.0.0/8 ::1");
    EXPECT_EQ(config.log_level, LogLevel::info);
    EXPECT_EQ(config.secret_key, "");
    EXPECT_FALSE(config.mongodb.any());
    EXPECT_TRUE(config.warnings.empty());
}

TEST_F(ConfigTest, EveryKeyOfConfigJsonIsRead) {
    std::filesystem::create_directory("site");
    std::ofstream("site/index.html") << "page";
    const auto config = load(
        R"({"Address": "[::1]:0", "RedisURL": "redis://r", "ReadTimeout": 0.5, "WriteTimeout": 3600, "KeepAliveTimeout": 620, "MaxHeaderBytes": 32768,
        "TLSCert": "c.pem", "TLSKey": "k.pem", "HSTSSeconds": 0, "RedirectAddress": ":80", "RedirectPort": 443,
        "ChallengeDir": "acme", "Static": "site", "DataDir": "d", "Store": "memory", "Durability": "power", "Retention": 86400, "MaxEvents": 9,
        "AllowedOrigins": ["HTTPS://Example.org:443", "*"], "FrameAncestors": ["https://Example.org:8443"],
        "Hosts": ["Chat.example:8080", "*"], "TrustedProxies": ["10.0.0.0/8", "::1"], "MetricsAddresses": ["10.1.0.0/16"],
        "TokenMinutes": 5, "RequireOwner": true, "MessagesPerSecond": 0, "MessageBurst": 1, "RoomMessagesPerSecond": 0, "BacklogBytes": 65536,
        "IoThreads": 2, "HashThreads": 3, "MaxConnections": 4, "MaxRooms": 3, "MinFreeDisk": 2,
        "AddressConnections": 5, "AddressConnectionsPerMinute": 6, "AddressRequestsPerMinute": 7,
        "AddressUpgradesPerMinute": 8, "AddressRoomsPerHour": 9, "AddressTokensPerMinute": 10,
        "AddressJoinsPerMinute": 11, "AddressEventsPerMinute": 12, "AddressStoredBytesPerHour": 0,
        "AddressHistoryPerMinute": 14, "AddressGuessesPerMinute": 1000000000000,
        "ExemptAddresses": ["192.0.2.1", "2001:DB8::/32"], "LogLevel": "warn"})");
    EXPECT_EQ(config.address, (HostPort{"::1", 0}));
    EXPECT_EQ(config.redis_url, "redis://r");
    EXPECT_EQ(config.read_timeout, std::chrono::milliseconds(500));
    EXPECT_EQ(config.write_timeout, std::chrono::hours(1));
    EXPECT_EQ(config.keep_alive_timeout, std::chrono::seconds(620));
    EXPECT_EQ(config.max_header_bytes, 32768u);
    EXPECT_EQ(config.tls.certificate, "c.pem");
    EXPECT_EQ(config.tls.key, "k.pem");
    EXPECT_EQ(config.hsts_s, 0u);
    EXPECT_EQ(config.redirect_address, (HostPort{"0.0.0.0", 80}));
    EXPECT_EQ(config.redirect_port, 443);
    EXPECT_EQ(config.challenge_dir, "acme");
    EXPECT_EQ(config.static_dir, "site");
    EXPECT_EQ(config.data_dir, "d");
    EXPECT_EQ(config.store, StoreKind::memory);
    EXPECT_EQ(config.durability, DurabilityLevel::power);
    EXPECT_EQ(config.retention_s, 86'400u);
    EXPECT_EQ(config.max_events, 9u);
    EXPECT_THAT(config.allowed_origins, ElementsAre("https://example.org", "*"));
    EXPECT_THAT(config.frame_ancestors, ElementsAre("https://example.org:8443"));
    EXPECT_THAT(config.hosts, ElementsAre("Chat.example:8080", "*"));
    EXPECT_EQ(texts(config.trusted_proxies), "10.0.0.0/8 ::1");
    EXPECT_EQ(texts(config.metrics_addresses), "10.1.0.0/16");
    EXPECT_EQ(config.token_life, std::chrono::minutes(5));
    EXPECT_TRUE(config.require_owner);
    EXPECT_EQ(config.messages_per_second, 0u);
    EXPECT_EQ(config.message_burst, 1u);
    EXPECT_EQ(config.room_messages_per_second, 0u);
    EXPECT_EQ(config.backlog_bytes, 65536u);
    EXPECT_EQ(config.io_threads, 2u);
    EXPECT_EQ(config.hash_threads, 3u);
    EXPECT_EQ(config.max_connections, 4u);
    EXPECT_EQ(config.max_rooms, 3u);
    EXPECT_EQ(config.min_free_disk, 2u);
    EXPECT_EQ(config.of_address.open_connections, 5u);
    EXPECT_EQ(config.of_address.connections_per_minute, 6u);
    EXPECT_EQ(config.of_address.requests_per_minute, 7u);
    EXPECT_EQ(config.of_address.upgrades_per_minute, 8u);
    EXPECT_EQ(config.of_address.rooms_per_hour, 9u);
    EXPECT_EQ(config.of_address.tokens_per_minute, 10u);
    EXPECT_EQ(config.of_address.joins_per_minute, 11u);
    EXPECT_EQ(config.of_address.events_per_minute, 12u);
    EXPECT_EQ(config.of_address.stored_bytes_per_hour, 0u);
    EXPECT_EQ(config.of_address.history_per_minute, 14u);
    EXPECT_EQ(config.of_address.guesses_per_minute, 1'000'000'000'000u);
    EXPECT_EQ(texts(config.of_address.exempt), "192.0.2.1 2001:db8::/32");
    EXPECT_EQ(config.log_level, LogLevel::warn);
    EXPECT_EQ(config_keys().size(), 47u) << "add a new key to this test";
}

TEST_F(ConfigTest, WarnsOfAStaticFolderWithoutAPageAndDoesNotUseIt) {
    std::filesystem::create_directory("empty");
    for (const std::string folder : {"no/such/folder", "empty", "config.json"}) {
        const auto config = load(fmt::format(R"({{"Static": "{}"}})", folder));
        EXPECT_EQ(config.static_dir, "") << folder;
        EXPECT_THAT(config.warnings, ElementsAre(HasSubstr("because " + folder + "/index.html does not exist")))
            << folder;
    }
    std::ofstream("empty/index.html") << "page";
    const auto config = load(R"({"Static": "empty"})");
    EXPECT_EQ(config.static_dir, "empty");
    EXPECT_TRUE(config.warnings.empty());
    EXPECT_TRUE(load(R"({"Static": "", "RedisURL": ""})").warnings.empty());
}

TEST_F(ConfigTest, ARedisUrlIsAcceptedWithAWarningThatItIsNotUsed) {
    EXPECT_THAT(load(R"({"RedisURL": "redis://r"})").warnings, ElementsAre(HasSubstr("RedisURL is not used")));
}

TEST_F(ConfigTest, WrongValuesNameTheFileAndTheKey) {
    const std::map<std::string_view, std::vector<std::string_view>> wrong = {
        {"Address", {"5000", "null", R"("")", R"("127.0.0.1")", R"("127.0.0.1:65536")", R"("::1:5000")"}},
        {"RedisURL", {"null", "1"}},
        {"ReadTimeout", {"0", "-1", R"("10")", "true", "1e10", "1e-9"}},
        {"WriteTimeout", {"0", "-1", R"("10")", "true", "1e10", "1e-9"}},
        {"KeepAliveTimeout", {"0", "-1", R"("75")", "true", "1e10", "1e-9"}},
        {"MaxHeaderBytes", {"0", "4095", "65537", R"("16384")", "8192.5"}},
        {"TLSCert", {"1", "null", "[]"}},
        {"TLSKey", {"1", "null", "[]"}},
        {"HSTSSeconds", {"-1", "315360001", "1.5", R"("1y")"}},
        {"RedirectAddress", {"80", "null", R"("127.0.0.1")", R"(":65536")"}},
        {"RedirectPort", {"-1", "65536", R"("443")"}},
        {"ChallengeDir", {"1", "null"}},
        {"Static", {"1", "null", "[]"}},
        {"DataDir", {"1", R"("")"}},
        {"Store", {"1", R"("mongodb")", R"("SQLite")", R"("")"}},
        {"Durability", {"1", R"("full")", R"("")"}},
        {"Retention", {"-1", "3153600001", R"("1d")"}},
        {"MaxEvents", {"-1", "9007199254740993", "1.5"}},
        {"AllowedOrigins",
         {R"("*")", "[1]", R"(["example.org"])", R"(["https://example.org/"])", R"(["https://*.org"])",
          R"(["https://a:0"])", R"(["null"])"}},
        {"Hosts",
         {R"("*")", "[1]", R"([""])", R"(["https://a"])", R"(["a/"])", R"(["*.example.org"])", R"(["a:0"])",
          R"(["a:http"])", R"(["u@a"])", R"(["::1"])", R"(["[::1"])"}},
        {"MetricsAddresses", {R"("127.0.0.1")", "[1]", R"(["localhost"])", R"(["10.0.0.1/8"])", R"(["*"])"}},
        {"FrameAncestors", {R"("*")", "[1]", R"(["'self'"])", R"(["https://a; script-src *"])", R"(["null"])"}},
        {"TokenMinutes", {"0", "525601", "1.5", R"("60")"}},
        {"RequireOwner", {"1", R"("true")", "null"}},
        {"MessagesPerSecond", {"-1", "1000001", "0.5"}},
        {"MessageBurst", {"0", "1000001"}},
        {"RoomMessagesPerSecond", {"-1", "50000001", "0.5", "null"}},
        {"BacklogBytes", {"65535", "1073741825"}},
        {"IoThreads", {"-1", "257"}},
        {"HashThreads", {"-1", "257"}},
        {"MaxConnections", {"-1", "10000001", "99999999999999999999", "18446744073709551615"}},
        {"MaxRooms", {"-1", "1000000001", "1.5"}},
        {"MinFreeDisk", {"-1", "1000000000000001", "1.5", R"("64M")"}},
        {"AddressConnections", {"-1", "1.5", R"("5")", "null", "1000000000001"}},
        {"AddressConnectionsPerMinute", {"-1", "1.5", R"("5")"}},
        {"AddressRequestsPerMinute", {"-1", "1.5", R"("5")"}},
        {"AddressUpgradesPerMinute", {"-1", "1.5", R"("5")"}},
        {"AddressRoomsPerHour", {"-1", "1.5", R"("5")"}},
        {"AddressTokensPerMinute", {"-1", "1.5", R"("5")"}},
        {"AddressJoinsPerMinute", {"-1", "1.5", R"("5")"}},
        {"AddressEventsPerMinute", {"-1", "1.5", R"("5")"}},
        {"AddressStoredBytesPerHour", {"-1", "1.5", R"("5")"}},
        {"AddressHistoryPerMinute", {"-1", "1.5", R"("5")"}},
        {"AddressGuessesPerMinute", {"-1", "1.5", R"("5")"}},
        {"TrustedProxies", {R"("127.0.0.1")", "[1]", R"(["localhost"])", R"(["10.0.0.1/8"])", R"(["*"])"}},
        {"ExemptAddresses",
         {R"("127.0.0.1")", "[1]", R"(["localhost"])", R"(["10.0.0.1/8"])", R"(["[::1]"])", R"(["127.0.0.1:80"])"}},
        {"LogLevel", {"3", R"("INFO")", R"("verbose")"}},
    };
    for (const auto key : config_keys()) {
        ASSERT_TRUE(wrong.contains(key)) << key;
        for (const auto value : wrong.at(key)) {
            const auto json = "{\"" + std::string(key) + "\": " + std::string(value) + "}";
            EXPECT_THAT(error(json), testing::StartsWith("config.json: " + std::string(key) + ": must be ")) << json;
        }
    }
}

TEST_F(ConfigTest, ErrorsNameTheValidRange) {
    EXPECT_EQ(error(R"({"TokenMinutes": 0})"), "config.json: TokenMinutes: must be a whole number from 1 to 525600");
    EXPECT_EQ(error(R"({"ReadTimeout": 0})"),
              "config.json: ReadTimeout: must be a number of seconds from 0.001 to 1000000000");
    EXPECT_EQ(error(R"({"Store": "x"})"), R"(config.json: Store: must be one of "sqlite" "memory")");
}

TEST_F(ConfigTest, KeysOfTlsNeedEachOther) {
    EXPECT_EQ(error(R"({"TLSCert": "c.pem"})"), "config.json: TLSCert: needs TLSKey too");
    EXPECT_EQ(error(R"({"TLSKey": "k.pem"})"), "config.json: TLSKey: needs TLSCert too");
    EXPECT_EQ(error(R"({"RedirectAddress": ":80"})"), "config.json: RedirectAddress: needs TLSCert and TLSKey too");
    const std::string tls = R"({"TLSCert": "c.pem", "TLSKey": "k.pem", )";
    EXPECT_EQ(error(tls + R"("RedirectPort": 443})"), "config.json: RedirectPort: needs RedirectAddress too");
    EXPECT_EQ(error(tls + R"("ChallengeDir": "d"})"), "config.json: ChallengeDir: needs RedirectAddress too");
    EXPECT_FALSE(load(tls + R"("RedirectAddress": ""})").redirect_address);
}

TEST_F(ConfigTest, TheCertificateOfTheOriginalIsFoundIfNoneIsConfigured) {
    EXPECT_EQ(load("{}").tls.certificate, "");
    std::filesystem::create_directory("gencert");
    std::ofstream("gencert/key.pem") << "key";
    EXPECT_EQ(load("{}").tls.certificate, "gencert/cert.pem") << "its absence is an error then, and no fallback";
    EXPECT_EQ(load("{}").tls.key, "gencert/key.pem");
    EXPECT_EQ(load(R"({"TLSCert": "c.pem", "TLSKey": "k.pem"})").tls.certificate, "c.pem");
}

TEST_F(ConfigTest, UnknownKeysAreErrors) {
    EXPECT_EQ(error(R"({"address": "127.0.0.1:1"})"), "config.json: address: unknown key (did you mean Address?)");
    EXPECT_EQ(error(R"({"Colour": 1})"), "config.json: Colour: unknown key");
}

TEST_F(ConfigTest, BrokenJsonNamesLineAndColumn) {
    EXPECT_EQ(error("{\n  \"Address\": oops\n}"), "config.json: invalid JSON at line 2, column 14");
    EXPECT_EQ(error("{} x"), "config.json: invalid JSON at line 1, column 4");
    EXPECT_EQ(error(""), "config.json: invalid JSON at line 1, column 1");
    EXPECT_EQ(error("{\"Store\": \"memory\""), "config.json: invalid JSON at line 1, column 19");
    EXPECT_EQ(error("[]"), "config.json: must be a JSON object");
}

TEST_F(ConfigTest, ANamedFileMustExist) {
    sources_.config_file = "other.json";
    EXPECT_EQ(error(), "other.json: cannot be opened: No such file or directory");
    write("other.json", R"({"Store": "memory"})");
    EXPECT_EQ(load().store, StoreKind::memory);
    sources_.env_file = "other.env";
    EXPECT_EQ(error(), "other.env: cannot be opened: No such file or directory");
    write("other.env", "PORT=1");
    EXPECT_EQ(load().address.port, 1);
}

TEST_F(ConfigTest, ANamedFileReplacesTheDefaultOne) {
    write("config.json", "broken");
    write("other.json", "{}");
    sources_.config_file = "other.json";
    EXPECT_EQ(error(), "(accepted)");
}

TEST_F(ConfigTest, AFolderIsNotAFile) {
    std::filesystem::create_directory("config.json");
    EXPECT_EQ(error(), "config.json: is a folder, not a file");
}

TEST_F(ConfigTest, ALinkThatLeadsNowhereIsNotAnAbsentFile) {
    std::filesystem::create_symlink("elsewhere.json", "config.json");
    EXPECT_EQ(error(), "config.json: cannot be opened: No such file or directory");
    write("elsewhere.json", R"({"Address": "127.0.0.1:1"})");
    EXPECT_EQ(load().address.port, 1);
}

TEST_F(ConfigTest, AnEmptyFlagIsNotTheNameOfAFile) {
    sources_.config_file = "";
    EXPECT_EQ(error(), "--config: must be the name of a file");
    sources_ = {};
    sources_.env_file = "";
    EXPECT_EQ(error(), "--env: must be the name of a file");
}

TEST_F(ConfigTest, TheRedirectListensAtAnAddressOfItsOwn) {
    EXPECT_EQ(error(R"({"Address": ":443", "RedirectAddress": ":443", "TLSCert": "a", "TLSKey": "b"})"),
              "config.json: RedirectAddress: must not be that of Address");
}

TEST_F(ConfigTest, LaterSourcesTakePrecedence) {
    write("config.json", R"({"Address": "127.0.0.1:1", "DataDir": "a"})");
    EXPECT_EQ(load().address, (HostPort{"127.0.0.1", 1}));
    write(".env", "PORT=2");
    EXPECT_EQ(load().address, (HostPort{"0.0.0.0", 2}));
    environment_["PORT"] = "3";
    EXPECT_EQ(load().address, (HostPort{"0.0.0.0", 3}));
    sources_.address = "localhost:4";
    EXPECT_EQ(load().address, (HostPort{"localhost", 4}));
    EXPECT_EQ(load().data_dir, "a");
    sources_.data_dir = "b";
    EXPECT_EQ(load().data_dir, "b");
}

TEST_F(ConfigTest, EveryVariableIsReadFromBothSources) {
    write(".env",
          "SECRET_KEY=0123456789abcdef\nMONGODB_URI=u\nMONGODB_USER=v\nMONGODB_PASSWORD=w\nMONGODB_CLUSTER=x\n"
          "MONGODB_DATABASE=y\nPORT=1");
    auto config = load();
    EXPECT_EQ(config.secret_key, "0123456789abcdef");
    EXPECT_EQ(config.mongodb.uri, "u");
    EXPECT_EQ(config.mongodb.user, "v");
    EXPECT_EQ(config.mongodb.password, "w");
    EXPECT_EQ(config.mongodb.cluster, "x");
    EXPECT_EQ(config.mongodb.database, "y");
    for (const auto key : environment_keys()) environment_[std::string(key)] = "7";
    environment_["SECRET_KEY"] = "fedcba9876543210";
    config = load();
    EXPECT_EQ(config.secret_key, "fedcba9876543210");
    EXPECT_EQ(config.mongodb.uri, "7");
    EXPECT_EQ(config.mongodb.user, "7");
    EXPECT_EQ(config.mongodb.password, "7");
    EXPECT_EQ(config.mongodb.cluster, "7");
    EXPECT_EQ(config.mongodb.database, "7");
    EXPECT_EQ(config.address.port, 7);
    EXPECT_EQ(environment_.size(), 7u) << "add a new variable to this test";
}

TEST_F(ConfigTest, EmptyVariablesCountAsAbsent) {
    write(".env", "PORT=2\nSECRET_KEY=\nMONGODB_URI=''");
    environment_["PORT"] = "";
    const auto config = load();
    EXPECT_EQ(config.address.port, 2);
    EXPECT_EQ(config.secret_key, "");
    EXPECT_FALSE(config.mongodb.any());
}

TEST_F(ConfigTest, MongodbIsConfiguredByAUriOrByThreeParts) {
    const std::string kRest =
        ": missing; set all of MONGODB_USER, MONGODB_PASSWORD and MONGODB_CLUSTER, or MONGODB_URI";
    environment_ = {{"MONGODB_URI", "mongodb://localhost"}};
    EXPECT_TRUE(load().mongodb.any());
    environment_ = {{"MONGODB_USER", "u"}, {"MONGODB_PASSWORD", "p"}, {"MONGODB_CLUSTER", "c"}};
    EXPECT_TRUE(load().mongodb.any());
    for (const char* missing : {"MONGODB_USER", "MONGODB_PASSWORD", "MONGODB_CLUSTER"}) {
        environment_ = {{"MONGODB_USER", "u"}, {"MONGODB_PASSWORD", "p"}, {"MONGODB_CLUSTER", "c"}};
        environment_.erase(missing);
        EXPECT_EQ(error(), "environment: " + std::string(missing) + kRest);
    }
    environment_ = {};
    write(".env", "MONGODB_USER=u");
    EXPECT_EQ(error(), ".env: MONGODB_PASSWORD, MONGODB_CLUSTER" + kRest);
    write(".env", "MONGODB_DATABASE=chats");
    EXPECT_EQ(error(), ".env: MONGODB_USER, MONGODB_PASSWORD, MONGODB_CLUSTER" + kRest);
}

TEST_F(ConfigTest, UnknownKeysOfTheEnvFileAreIgnoredWithOneWarning) {
    environment_["MONGO_URI"] = "not looked for";
    EXPECT_TRUE(load().warnings.empty());
    write(".env", "COMPOSE_PROJECT_NAME=topsecret\nMONGO_URI=topsecret\nSECRETKEY=$topsecret\nPORT=7\nMONGO_URI=again");
    const auto config = load();
    EXPECT_THAT(config.warnings,
                ElementsAre(".env: unknown keys are ignored: COMPOSE_PROJECT_NAME, MONGO_URI (did you mean "
                            "MONGODB_URI?), SECRETKEY (did you mean SECRET_KEY?)"));
    EXPECT_EQ(config.address.port, 7);
    EXPECT_FALSE(config.mongodb.any());
}

TEST_F(ConfigTest, TheWarningOfUnknownKeysHasALimitedLength) {
    std::string text = std::string(500, 'K') + "=v\n";
    for (int i = 0; i < 1000; ++i) text += "KEY" + std::to_string(i) + "=v\n";
    write(".env", text);
    const auto config = load();
    ASSERT_EQ(config.warnings.size(), 1u);
    EXPECT_THAT(config.warnings[0], testing::EndsWith(", KEY18 and 981 more"));
    EXPECT_LT(config.warnings[0].size(), 400u);
}

TEST_F(ConfigTest, AnInvalidValueIsAnErrorOnlyForAKnownKey) {
    write(".env", "OTHER=$topsecret\nSECRET_KEY=$topsecret");
    EXPECT_THAT(error(), testing::StartsWith(".env: SECRET_KEY: line 2: "));
    EXPECT_THAT(error(), Not(HasSubstr("topsecret")));
}

TEST_F(ConfigTest, AByteOrderMarkIsSkipped) {
    EXPECT_EQ(load("\xEF\xBB\xBF{\"TokenMinutes\": 5}").token_life, std::chrono::minutes(5));
    write(".env", "\xEF\xBB\xBFPORT=7");
    EXPECT_EQ(load().address.port, 7);
}

TEST_F(ConfigTest, OtherEncodingsAreNamed) {
    using namespace std::string_literals;
    EXPECT_EQ(error("\xFF\xFE{\0}\0"s), "config.json: is UTF-16, must be UTF-8");
    EXPECT_EQ(error("\xFE\xFF\0{\0}"s), "config.json: is UTF-16, must be UTF-8");
    EXPECT_EQ(error("{\0}\0"s), "config.json: is UTF-16, must be UTF-8");
    EXPECT_EQ(error("{\0\0\0}\0\0\0"s), "config.json: is UTF-32, must be UTF-8");
    write("config.json", "{}");
    write(".env", "P\0O\0"s);
    EXPECT_EQ(error(), ".env: is UTF-16, must be UTF-8");
}

TEST_F(ConfigTest, RepeatedKeysAreErrors) {
    EXPECT_EQ(error(R"({"TokenMinutes": 5, "Store": "memory", "TokenMinutes": 5})"),
              "config.json: TokenMinutes: duplicate key");
    EXPECT_EQ(error(R"({"Store": "memory", "\u0053tore": "sqlite"})"), "config.json: Store: duplicate key");
    EXPECT_EQ(error(R"({"AllowedOrigins": ["http://a", "http://a"]})"), "(accepted)");
}

TEST_F(ConfigTest, PortMustBeAPort) {
    for (const char* port : {"0", "65536", "-1", "+1", "http", "80 ", "1.0", ":80"}) {
        environment_["PORT"] = port;
        EXPECT_EQ(error(), "environment: PORT: must be a port from 1 to 65535") << port;
    }
    environment_.clear();
    write(".env", "PORT=none");
    EXPECT_EQ(error(), ".env: PORT: must be a port from 1 to 65535");
}

TEST_F(ConfigTest, WrongFlagsNameTheFlag) {
    sources_.address = "5000";
    EXPECT_THAT(error(), HasSubstr("--address: must be host:port"));
    sources_.address.reset();
    sources_.data_dir = "";
    EXPECT_THAT(error(), HasSubstr("--data: "));
}

TEST_F(ConfigTest, ShortSecretKeysAreRefusedAndNotShown) {
    environment_["SECRET_KEY"] = "short-and-sweet";
    EXPECT_THAT(error(), testing::AllOf(testing::StartsWith("environment: SECRET_KEY: must have at least 16 bytes"),
                                        HasSubstr("openssl rand -hex 32"), Not(HasSubstr("sweet"))));
    environment_["SECRET_KEY"] = "short-and-sweet.";
    EXPECT_EQ(load().secret_key, "short-and-sweet.");
    write(".env", "SECRET_KEY=sweet");
    EXPECT_THAT(error(), testing::AllOf(testing::StartsWith(".env: SECRET_KEY: "), Not(HasSubstr("sweet"))));
}

TEST(ConfigAddress, ReadsHostAndPort) {
    EXPECT_EQ(parse_host_port("127.0.0.1:5000"), (HostPort{"127.0.0.1", 5000}));
    EXPECT_EQ(parse_host_port("localhost:0"), (HostPort{"localhost", 0}));
    EXPECT_EQ(parse_host_port("[::1]:65535"), (HostPort{"::1", 65535}));
    EXPECT_EQ(parse_host_port("[fe80::1%eth0]:1"), (HostPort{"fe80::1%eth0", 1}));
    EXPECT_EQ(parse_host_port(":5000"), (HostPort{"0.0.0.0", 5000}));
}

TEST(ConfigAddress, RefusesTextsThatAreNotHostAndPort) {
    for (const auto* text : {"",
                             ":",
                             "5000",
                             "host",
                             "host:",
                             "host:65536",
                             "host:-1",
                             "host:+1",
                             "host: 1",
                             "host:1 ",
                             " host:1",
                             "::1:5000",
                             "[::1]",
                             "[::1]5000",
                             "[::1",
                             "[]:1",
                             "[localhost]:1",
                             "a b:1",
                             "http://host:1",
                             "host:1:2",
                             "host:99999999999999999999"}) {
        EXPECT_EQ(parse_host_port(text), std::nullopt) << text;
    }
}

}  // namespace
}  // namespace globes
