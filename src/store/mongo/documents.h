// BSON as values: a document that is built field by field, and one that is read. Plain data; any thread.
//
// What Globes' rooms and events look like as documents, one way and back. docs/mongodb.md shows them.
#pragma once

#include <bson/bson.h>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "chat/event.h"
#include "chat/room_record.h"

namespace globes::store::mongo {

/// A document under construction. Keys are literals or known to hold no NUL.
class Document {
public:
    Document() { bson_init(&bson_); }
    ~Document() { bson_destroy(&bson_); }
    Document(Document&& other) noexcept { bson_steal(&bson_, &other.bson_), bson_init(&other.bson_); }
    Document(const Document&) = delete;
    Document& operator=(const Document&) = delete;

    Document& text(std::string_view key, std::string_view value);
    Document& integer(std::string_view key, std::int64_t value);
    /// For ids, seqs and counts, which all stay below 2^63.
    Document& number(std::string_view key, std::uint64_t value) {
        return integer(key, static_cast<std::int64_t>(value));
    }
    Document& boolean(std::string_view key, bool value);
    /// As a date, which has milliseconds, and `<key>_us`, the microseconds within the millisecond.
    Document& time(std::string_view key, UnixMicros value);
    Document& document(std::string_view key, const Document& value);
    Document& texts(std::string_view key, const std::vector<std::string>& values);
    Document& numbers(std::string_view key, const std::vector<std::uint64_t>& values);
    Document& documents(std::string_view key, const std::vector<Document>& values);

    const bson_t* get() const { return &bson_; }
    bson_t* out() { return &bson_; }

private:
    bson_t bson_;
};

/// A document that came from the server, which may say anything. Fields that are missing or of another type, and
/// numbers and times out of range, read as empty, 0 or false.
class DocumentView {
public:
    explicit DocumentView(const bson_t& bson) : bson_(&bson) {}

    std::string text(const char* key) const;
    std::int64_t integer(const char* key) const;
    /// What is below 0 reads as 0.
    std::uint64_t number(const char* key) const;
    bool boolean(const char* key) const;
    bool has(const char* key) const { return bson_has_field(bson_, key); }
    /// As `Document::time` wrote it.
    UnixMicros time(const char* key) const;
    /// Looks at a document inside this one; at nothing where there is none.
    void visit_document(const char* key, const std::function<void(const DocumentView&)>& look) const;

    const bson_t& get() const { return *bson_; }

private:
    const bson_t* bson_;
};

inline constexpr const char* kRooms = "globes_rooms";
inline constexpr const char* kEvents = "globes_events";
/// One number each: the next room id, how often a Globes has opened this database, a server's heartbeat, and the
/// version of the layout.
inline constexpr const char* kCounters = "globes_counters";
/// Rooms that are deleted and whose events are still to go.
inline constexpr const char* kRemovals = "globes_removals";

/// The same event has the same id whoever writes it how often.
std::string event_id(chat::RoomId room, std::uint64_t seq);
/// Under which a sender's id is unique in its room. Escaped, so that no server stumbles over a NUL in an index.
std::string dedupe_key(std::string_view folded_name, std::string_view client_id);

/// `writer`: the number of the process that stores it.
Document event_document(const chat::Event& event, std::uint64_t writer);
/// Throws DatabaseError for a document that is no event of Globes.
chat::Event event_of(const DocumentView& document);

/// All fields except `_id` and `purged_seq`.
void append_room_fields(Document& document, const chat::RoomRecord& room, std::uint64_t version);
/// Throws DatabaseError for a document that is no room of Globes.
chat::RoomRecord room_of(const DocumentView& document);

}  // namespace globes::store::mongo
