#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "net/certificate_files.h"
#include "net/stream_socket.h"
#include "unit/net/socket_pair.h"
#include "unit/net/tls_client.h"

namespace globes::net {
namespace {

using namespace std::string_literals;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::size_t kRecord = TlsBuffers::kRecordBytes;

/// A server's socket and its client.
class TlsTest : public testing::Test {
protected:
    explicit TlsTest(int max_version = TLS1_3_VERSION)
        : fds(tcp_pair()), server(FileDescriptor(fds.first), test_tls(), buffers), client(fds.second, max_version) {}
    ~TlsTest() override { ::close(fds.second); }

    void handshake() {
        for (int i = 0; i < 1000 && (!client.handshake() || server.is_handshaking()); ++i) receive();
        ASSERT_FALSE(server.is_handshaking());
    }
    /// What the server receives now.
    std::string receive() {
        const ssize_t count = server.receive(buffer);
        return count > 0 ? std::string(buffer.data(), static_cast<std::size_t>(count)) : "";
    }
    /// Receives until the server has `size` bytes.
    std::string receive(std::size_t size) {
        std::string all;
        while (all.size() < size) all += receive();
        return all;
    }
    std::string client_receives(std::size_t size) {
        std::string all;
        std::vector<char> bytes(kRecord);
        while (all.size() < size) {
            const ssize_t count = client.receive(bytes);
            if (count > 0) all.append(bytes.data(), static_cast<std::size_t>(count));
        }
        return all;
    }

    /// The client says something, and the server answers.
    void greet() {
        ASSERT_EQ(client.send("hello"), 5);
        EXPECT_EQ(receive(5), "hello");
        EXPECT_EQ(server.send("good day"), 8);
        EXPECT_EQ(client_receives(8), "good day");
    }

    const std::pair<int, int> fds;
    TlsBuffers buffers;
    std::vector<char> buffer = std::vector<char>(64 << 10);
    StreamSocket server;
    TlsClient client;
};

class Tls12Test : public TlsTest {
protected:
    Tls12Test() : TlsTest(TLS1_2_VERSION) {}
};

class Tls11Test : public TlsTest {
protected:
    Tls11Test() : TlsTest(TLS1_1_VERSION) {}
};

TEST_F(TlsTest, CarriesBytesInBothDirections) {
    EXPECT_TRUE(server.is_handshaking());
    handshake();
    greet();
}

TEST_F(Tls12Test, CarriesBytesInBothDirections) {
    handshake();
    greet();
}

TEST_F(Tls11Test, IsRefused) {
    EXPECT_FALSE(client.handshake());
    ssize_t received = 0;
    while ((received = server.receive(buffer)) < 0 && errno == EAGAIN) client.handshake();
    EXPECT_EQ(errno, EPROTO);
    EXPECT_EQ(received, -1);
}

/// A record of a handshake (type 22) with this payload.
std::string record(std::string_view payload, char type = 22) {
    const auto byte = [](std::size_t value) { return static_cast<char>(value & 0xFF); };
    return std::string{type, 3, 1, byte(payload.size() >> 8), byte(payload.size())}.append(payload);
}

/// The first bytes of a ClientHello of `size` bytes.
std::string hello_head(std::size_t size) {
    const auto byte = [](std::size_t value) { return static_cast<char>(value & 0xFF); };
    return {1, byte(size >> 16), byte(size >> 8), byte(size)};
}

TEST(ClientHelloGuard, RefusesAHelloAsSoonAsItsLengthIsTooLarge) {
    constexpr std::size_t kMost = ClientHelloGuard::kMaxBytes;
    EXPECT_TRUE(ClientHelloGuard().accept(record(hello_head(kMost))));
    EXPECT_FALSE(ClientHelloGuard().accept(record(hello_head(kMost + 1))));
    EXPECT_FALSE(ClientHelloGuard().accept(record(hello_head(131'000))));
}

TEST(ClientHelloGuard, FindsTheLengthHoweverItIsSplit) {
    std::string bytes;
    for (const char c : hello_head(131'000)) bytes += record(std::string(1, c)) + record("");
    ClientHelloGuard guard;
    const std::size_t decisive = bytes.size() - record("").size() - 1;
    for (std::size_t i = 0; i < decisive; ++i) EXPECT_TRUE(guard.accept(bytes.substr(i, 1))) << i;
    EXPECT_FALSE(guard.accept(bytes.substr(decisive, 1)));
}

TEST(ClientHelloGuard, ReadsARepeatedHelloToo) {
    ClientHelloGuard guard;
    EXPECT_TRUE(guard.accept(record(hello_head(300) + std::string(200, 'x'))));
    EXPECT_TRUE(guard.accept(record(std::string(100, 'x')) + record("\x01", 20)));
    EXPECT_TRUE(guard.accept(record(std::string(100, '\xff'), 23))) << "encrypted bytes do not count";
    EXPECT_FALSE(guard.accept(record(hello_head(131'000))));
}

TEST_F(TlsTest, AClientHelloThatIsTooLargeEndsTheConnection) {
    const std::string bytes = record(hello_head(131'000));
    ASSERT_EQ(::send(fds.second, bytes.data(), bytes.size(), 0), static_cast<ssize_t>(bytes.size()));
    pollfd ready{.fd = server.fd(), .events = POLLIN, .revents = 0};
    ASSERT_EQ(::poll(&ready, 1, 10'000), 1);
    EXPECT_EQ(server.receive(buffer), -1);
    EXPECT_EQ(errno, EPROTO);
}

TEST_F(TlsTest, NoPlaintextWaitsWhereNobodyLooks) {
    handshake();
    const std::string large(kRecord * 3 + 100, 'x');
    std::size_t sent = 0;
    while (sent < large.size()) sent += static_cast<std::size_t>(client.send(std::string_view(large).substr(sent)));
    std::string all;
    while (all.size() < large.size()) {
        // What is left must be in the socket, which wakes the thread up, not in OpenSSL.
        pollfd ready{.fd = server.fd(), .events = POLLIN, .revents = 0};
        ASSERT_EQ(::poll(&ready, 1, 10'000), 1);
        all += receive();
    }
    EXPECT_EQ(all, large);
}

TEST_F(TlsTest, AFullSocketKeepsAtMostARecordAndLosesNothing) {
    constexpr int kSmall = 4096;
    ::setsockopt(server.fd(), SOL_SOCKET, SO_SNDBUF, &kSmall, sizeof kSmall);
    handshake();
    std::mt19937 random{3};
    std::string said;
    std::string heard;
    std::vector<char> bytes(kRecord);
    bool was_full = false;
    while (said.size() < 4'000'000) {
        const std::string next(1 + random() % 60'000, static_cast<char>('a' + said.size() % 26));
        std::size_t taken = 0;
        while (taken < next.size()) {
            const ssize_t sent = server.send(std::string_view(next).substr(taken));
            if (sent > 0) taken += static_cast<std::size_t>(sent);
            ASSERT_TRUE(sent > 0 || errno == EAGAIN);
            EXPECT_LE(server.unsent(), kRecord + 256);
            was_full = was_full || server.unsent() > 0;
            const ssize_t got = client.receive(std::span(bytes).first(1 + random() % kRecord));
            if (got > 0) heard.append(bytes.data(), static_cast<std::size_t>(got));
        }
        said += next;
    }
    while (heard.size() < said.size()) {
        server.flush();
        const ssize_t got = client.receive(bytes);
        if (got > 0) heard.append(bytes.data(), static_cast<std::size_t>(got));
    }
    EXPECT_TRUE(was_full);
    EXPECT_EQ(heard, said);
    EXPECT_EQ(server.unsent(), 0U);
}

TEST_F(TlsTest, JoinsThePartsOfASend) {
    handshake();
    TlsConnection& tls = *server.target().tls;
    const std::string large(kRecord, 'b');
    const std::vector<std::string_view> parts{"a", large, "", "c"};
    EXPECT_EQ(tls.send(parts), static_cast<ssize_t>(kRecord + 2));
    EXPECT_EQ(client_receives(kRecord + 2), "a" + large + "c");
}

// Each costs as much as the handling of several messages.
TEST_F(TlsTest, APeerThatUpdatesItsKeysAllTheTimeIsRefused) {
    handshake();
    int updates = 0;
    ssize_t got = 0;
    for (; updates < 1000; ++updates) {
        client.update_keys();
        if (client.send("x") < 0) break;
        do got = server.receive(buffer);
        while (got < 0 && errno == EAGAIN);
        if (got < 0) break;
    }
    EXPECT_EQ(updates, 100);
    EXPECT_EQ(errno, EPROTO);
    EXPECT_FALSE(server.flush());
}

TEST_F(TlsTest, AnUpdateOfKeysIsFollowed) {
    handshake();
    for (int i = 0; i < 5; ++i) {
        client.update_keys();
        greet();
    }
}

TEST_F(TlsTest, CloseNotifyEndsTheInputBehindTheLastBytes) {
    handshake();
    ASSERT_EQ(client.send("the end"), 7);
    client.close_notify();
    EXPECT_EQ(receive(7), "the end");
    ssize_t got = 0;
    do got = server.receive(buffer);
    while (got < 0 && errno == EAGAIN);
    EXPECT_EQ(got, 0);
    EXPECT_EQ(server.receive(buffer), 0);
}

TEST_F(TlsTest, BytesWithoutTlsMakeThePlainSocketOfAClientThatCanBeTold) {
    ASSERT_EQ(::send(fds.second, "GET / HTTP/1.1\r\n", 16, 0), 16);
    EXPECT_EQ(receive(16), "GET / HTTP/1.1\r\n");
    EXPECT_TRUE(server.lacks_tls());
    EXPECT_FALSE(server.is_encrypted());
    EXPECT_EQ(server.send("400"), 3);
    char answer[3];
    ASSERT_EQ(::recv(fds.second, answer, 3, MSG_WAITALL), 3);
    EXPECT_EQ(std::string_view(answer, 3), "400");
}

TEST_F(TlsTest, AViolationOfTlsEndsTheConnection) {
    const std::string garbage = "\x16\x03\x01\0\x05nonsense, and more of it than the record holds"s;
    ASSERT_EQ(::send(fds.second, garbage.data(), garbage.size(), 0), static_cast<ssize_t>(garbage.size()));
    ssize_t got = 0;
    do got = server.receive(buffer);
    while (got < 0 && errno == EAGAIN);
    EXPECT_EQ(got, -1);
    EXPECT_EQ(errno, EPROTO);
    EXPECT_LT(server.send("x"), 0);
}

TEST_F(TlsTest, ADamagedRecordEndsTheConnection) {
    handshake();
    ASSERT_EQ(client.send("hello"), 5);
    std::string record(5 + 5 + 17, '\0');
    ASSERT_EQ(::recv(server.fd(), record.data(), record.size(), MSG_DONTWAIT), static_cast<ssize_t>(record.size()));
    record.back() ^= 1;
    ASSERT_EQ(::send(fds.second, record.data(), record.size(), 0), static_cast<ssize_t>(record.size()));
    ssize_t got = 0;
    do got = server.receive(buffer);
    while (got < 0 && errno == EAGAIN);
    EXPECT_EQ(got, -1);
    EXPECT_EQ(errno, EPROTO);
}

// --- certificates ----------------------------------------------------------------------------------------------------

std::string error_of(const std::filesystem::path& certificate, const std::filesystem::path& key) {
    try {
        const TlsContext context(certificate, key);
    } catch (const CertificateError& error) {
        return error.what();
    }
    return "";
}

void write(const std::filesystem::path& file, std::string_view text) { std::ofstream(file) << text; }

TEST(Certificate, HasItsTimes) {
    const TestCertificate certificate("P-256", 3);
    const TlsContext context(certificate.cert(), certificate.key());
    EXPECT_EQ(context.expires() - context.valid_from(), UnixMicros{3} * 86'400 * 1'000'000);
}

TEST(Certificate, ThatCannotBeUsedIsNamedWithItsKeyOfTheConfigurationAndTheCause) {
    const TestCertificate one;
    const TestCertificate other;
    const TestCertificate of_another_kind("P-384");
    EXPECT_THAT(error_of(one.folder / "none.pem", one.key()),
                AllOf(HasSubstr("TLSCert: "), HasSubstr("none.pem: "), HasSubstr("No such file")));
    EXPECT_THAT(error_of(one.cert(), one.folder / "none.pem"), AllOf(HasSubstr("TLSKey: "), HasSubstr("none.pem: ")));
    EXPECT_THAT(error_of(one.key(), one.key()), AllOf(HasSubstr("TLSCert: "), HasSubstr("no start line")));
    EXPECT_THAT(error_of(one.cert(), one.cert()), HasSubstr("TLSKey: "));
    EXPECT_THAT(error_of(one.cert(), other.key()), AllOf(HasSubstr("TLSKey: "), HasSubstr("key values mismatch")));
    EXPECT_THAT(error_of(one.cert(), of_another_kind.key()), HasSubstr("TLSKey: "));
    write(one.cert(), "");
    EXPECT_THAT(error_of(one.cert(), one.key()), HasSubstr("TLSCert: "));
    EXPECT_THAT(error_of(other.cert(), other.key()), IsEmpty());
}

TEST(Certificate, FilesChangeWhenTheyAreReplaced) {
    const TestCertificate old;
    const TestCertificate renewed;
    CertificateFiles files(old.cert(), old.key());
    const auto first = files.load();
    EXPECT_FALSE(files.have_changed());

    std::filesystem::rename(renewed.cert(), old.cert());
    EXPECT_TRUE(files.have_changed());
    EXPECT_THROW(files.load(), CertificateError) << "the key is still the old one";
    EXPECT_TRUE(files.have_changed()) << "what made it fail may have ended";
    std::filesystem::rename(renewed.key(), old.key());
    EXPECT_TRUE(files.have_changed());
    EXPECT_NE(files.load(), first);
    EXPECT_FALSE(files.have_changed());
    ::chmod(old.key().c_str(), 0600);
    EXPECT_TRUE(files.have_changed()) << "the mode counts";
    files.load();
    std::filesystem::remove(old.key());
    EXPECT_TRUE(files.have_changed());
}

}  // namespace
}  // namespace globes::net
