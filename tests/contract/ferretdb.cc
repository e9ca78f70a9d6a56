#include "contract/ferretdb.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <utility>

namespace globes::store {
namespace {

/// The first line from `pipe` without its line break, or all bytes before the end of the pipe if there is no complete
/// line.
std::string read_line(int pipe) {
    std::string line;
    char c = 0;
    while (::read(pipe, &c, 1) == 1 && c != '\n') line.push_back(c);
    return line;
}

}  // namespace

Ferretdb::Ferretdb() : Ferretdb(GLOBES_FERRETDB) {}

Ferretdb::Ferretdb(std::string program) : program_(std::move(program)) { start("127.0.0.1:0"); }

Ferretdb::~Ferretdb() { kill(); }

void Ferretdb::start(const std::string& address) {
    if (::access(program_.c_str(), X_OK) != 0) return;
    std::array<int, 2> pipe{};
    if (::pipe2(pipe.data(), O_CLOEXEC) != 0) return;
    const std::string folder = folder_.path().string();
    process_ = ::fork();
    if (process_ == 0) {
        // The process ends with the tests, even if they crash.
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        ::dup2(pipe[1], STDOUT_FILENO);
        ::execl(program_.c_str(), program_.c_str(), address.c_str(), folder.c_str(), nullptr);
        ::_exit(127);
    }
    ::close(pipe[1]);
    uri_ = read_line(pipe[0]);
    ::close(pipe[0]);
}

void Ferretdb::kill() {
    if (process_ <= 0) return;
    ::kill(process_, SIGKILL);
    ::waitpid(std::exchange(process_, 0), nullptr, 0);
}

void Ferretdb::restart() {
    const std::string scheme = "mongodb://";
    start(uri_.substr(scheme.size(), uri_.size() - scheme.size() - 1));
}

void Ferretdb::pause() const {
    ::kill(process_, SIGSTOP);
    // The threads stop one after another; until the last one has stopped, the server may still reply.
    ::waitpid(process_, nullptr, WUNTRACED);
}

void Ferretdb::go_on() const { ::kill(process_, SIGCONT); }

std::optional<std::string> shared_mongodb() {
    static const std::optional<std::string> uri = []() -> std::optional<std::string> {
        if (const char* given = std::getenv("GLOBES_TEST_MONGODB_URI"); given != nullptr && *given != '\0')
            return std::string(given).ends_with('/') ? given : std::string(given) + '/';
        static const Ferretdb server;
        return server.uri().empty() ? std::nullopt : std::optional(server.uri());
    }();
    return uri;
}

std::optional<std::string> shared_mongo_java_server() {
    static const Ferretdb server(GLOBES_MONGO_JAVA_SERVER);
    return server.uri().empty() ? std::nullopt : std::optional(server.uri());
}

std::string fresh_database(const std::string& server) {
    static int count = 0;
    return fmt::format("{}globes-test-{}-{}", server, ::getpid(), ++count);
}

}  // namespace globes::store
