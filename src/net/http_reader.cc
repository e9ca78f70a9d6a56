#include "net/http_reader.h"

#include <cassert>
#include <utility>

namespace globes::net {

struct HttpReader::Partial {
    explicit Partial(const HttpLimits& limits) : head(limits), chunks(limits) {}

    HttpParsed parse(std::string_view& bytes);
    bool is_complete() const;

    HeadParser head;
    ChunkParser chunks;
    std::string body;
    bool has_body_bytes = false;
    bool continue_taken = false;
};

HttpParsed HttpReader::Partial::parse(std::string_view& bytes) {
    if (!head.is_complete()) {
        if (const auto parsed = head.parse(bytes); !parsed) return parsed;
    }
    if (bytes.empty() || is_complete()) return {};
    has_body_bytes = true;
    if (head.is_chunked()) return chunks.parse(bytes, body);
    const std::string_view data = bytes.substr(0, static_cast<std::size_t>(head.content_length()) - body.size());
    body.append(data);
    bytes.remove_prefix(data.size());
    return {};
}

bool HttpReader::Partial::is_complete() const {
    if (!head.is_complete()) return false;
    return head.is_chunked() ? chunks.is_complete() : body.size() == head.content_length();
}

HttpReader::HttpReader(const HttpLimits& limits) : limits_(limits) {}
HttpReader::~HttpReader() = default;

std::optional<HttpReader::Outcome> HttpReader::consume(std::string_view bytes) {
    if (unread_.empty()) {
        auto outcome = read(bytes);
        unread_ = bytes;
        return outcome;
    }
    unread_.append(bytes);
    std::string_view rest = std::string_view(unread_).substr(unread_begin_);
    auto outcome = read(rest);
    // Pipelined requests are consumed with an offset, so that the rest is not moved for each of them.
    unread_begin_ = unread_.size() - rest.size();
    if (rest.empty()) {
        std::string().swap(unread_);  // frees the memory; an assignment would not
        unread_begin_ = 0;
    }
    return outcome;
}

std::optional<HttpReader::Outcome> HttpReader::read(std::string_view& bytes) {
    if (bytes.empty()) return std::nullopt;
    if (!partial_) partial_ = std::make_unique<Partial>(limits_);
    if (const auto parsed = partial_->parse(bytes); !parsed) return std::unexpected(parsed.error());
    if (!partial_->is_complete()) return std::nullopt;
    const std::unique_ptr<Partial> done = std::move(partial_);
    done->head.request().body = std::move(done->body);
    return std::move(done->head.request());
}

bool HttpReader::is_idle() const { return !partial_ || !partial_->head.has_begun(); }

bool HttpReader::is_in_body() const { return partial_ && partial_->head.is_complete(); }

HttpRequest& HttpReader::head() {
    assert(is_in_body());
    return partial_->head.request();
}

bool HttpReader::take_continue() {
    if (!is_in_body() || !partial_->head.expects_continue() || partial_->continue_taken) return false;
    partial_->continue_taken = true;
    return partial_->head.request().minor_version == 1 && !partial_->has_body_bytes;
}

HttpRequest HttpReader::take_refused() { return is_in_body() ? std::move(partial_->head.request()) : HttpRequest(); }

std::string HttpReader::take_unread() {
    unread_.erase(0, unread_begin_);
    unread_begin_ = 0;
    return std::exchange(unread_, {});
}

}  // namespace globes::net
