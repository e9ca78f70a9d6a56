#include "store/mongo/mongo_uri.h"

#include <gmock/gmock.h>

namespace globes::store {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

TEST(MongoUri, IsBuiltOfItsPartsPercentEncoded) {
    const std::string uri = mongo_srv_uri("an@na", "p:/?#%ß", "cluster0.example.net");
    EXPECT_EQ(uri, "mongodb+srv://an%40na:p%3A%2F%3F%23%25%C3%9F@cluster0.example.net/");
    EXPECT_THAT(mongo_uri_fault(uri), IsEmpty());
}

TEST(MongoUri, AcceptsTheUrisThatTheDriverAccepts) {
    for (const char* uri :
         {"mongodb://localhost", "mongodb://u:p@a:1,b:2/?replicaSet=rs0&tls=true", "mongodb://u:p%40@h/?appname=a@b"})
        EXPECT_THAT(mongo_uri_fault(uri), IsEmpty()) << uri;
}

TEST(MongoUri, DescribesAFaultWithoutQuotingTheUri) {
    EXPECT_THAT(mongo_uri_fault("http://u:secret@h"), HasSubstr("must begin with mongodb://"));
    for (const char* uri : {"mongodb://u:sec:ret@h/", "mongodb://", "mongodb://u:secret@/", "mongodb://u:sec/ret@h",
                            "mongodb://u:secret@h/?w=%zz", "mongodb://u:secret@h:port/", "mongodb://u:sec@ret@h/",
                            "mongodb+srv://u:sec@ret@cluster0.example.net/", "mongodb://u:sec/@ret@h/",
                            "mongodb://h/sec@ret", "mongodb://u:p@h/?secret=1", "mongodb+srv://u:secret@two.parts/"}) {
        EXPECT_THAT(mongo_uri_fault(uri), HasSubstr("is not a valid connection string")) << uri;
        EXPECT_THAT(mongo_uri_fault(uri), Not(HasSubstr("ret"))) << uri;
    }
    EXPECT_THAT(mongo_uri_fault("mongodb+srv://u:p@two.parts/"), HasSubstr("at least three parts"));
}

TEST(MongoUri, HostsAreNamedWithoutCredentials) {
    EXPECT_EQ(mongo_hosts("mongodb://u:secret@a:1,b/?replicaSet=r"), "a:1,b:27017");
    EXPECT_EQ(mongo_hosts("mongodb+srv://u:secret@cluster0.example.net/"), "cluster0.example.net");
}

TEST(MongoUri, TellsWhetherItHasAUser) {
    EXPECT_TRUE(has_mongo_user("mongodb://an%40na:secret@a:1/"));
    EXPECT_FALSE(has_mongo_user("mongodb://a:1/"));
}

TEST(MongoUri, HasADatabaseInItsPath) {
    EXPECT_EQ(mongo_database("mongodb://u:p@h:1/mine?tls=true"), "mine");
    for (const char* uri : {"mongodb://h", "mongodb://h/", "mongodb://h/?tls=true", "no uri"})
        EXPECT_THAT(mongo_database(uri), IsEmpty()) << uri;
}

TEST(MongoUri, ADatabaseHasAShortNameWithoutPunctuationOfPathsAndQueries) {
    EXPECT_THAT(mongo_database_fault("chat_server-2"), IsEmpty());
    EXPECT_THAT(mongo_database_fault(std::string(64, 'x')), HasSubstr("63 bytes"));
    for (const char* name : {"a.b", "a/b", "a b", "$a", "a\\b"})
        EXPECT_THAT(mongo_database_fault(name), HasSubstr("characters")) << name;
}

}  // namespace
}  // namespace globes::store
