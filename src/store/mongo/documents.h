// BSON documents as values, and the codec of rooms and events (docs/mongodb.md shows the fields). Plain data; thread:
// any.
#pragma once

#include <bson/bson.h>

#include <cstdint>
#include <functional>
#include <span>
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
    /// For ids, seqs and counts below 2^63.
    Document& number(std::string_view key, std::uint64_t value) {
        return integer(key, static_cast<std::int64_t>(value));
    }
    Document& boolean(std::string_view key, bool value);
    /// A BSON date in milliseconds, and `<key>_us` with the remaining microseconds.
    Document& time(std::string_view key, UnixMicros value);
    Document& document(std::string_view key, const Document& value);
    Document& texts(std::string_view key, const std::vector<std::string>& values);
    Document& numbers(std::string_view key, const std::vector<std::uint64_t>& values);
    Document& documents(std::string_view key, std::span<const Document> values);

    const bson_t* get() const { return &bson_; }
    bson_t* out() { return &bson_; }

private:
    bson_t bson_;
};

/// A document from the server, with any contents. Absent fields, fields of another type, and numbers and times out of
/// range read as empty, 0 or false.
class DocumentView {
public:
    explicit DocumentView(const bson_t& bson) : bson_(&bson) {}

    std::string text(const char* key) const;
    std::int64_t integer(const char* key) const;
    /// A negative number reads as 0.
    std::uint64_t number(const char* key) const;
    bool boolean(const char* key) const;
    bool has(const char* key) const { return bson_has_field(bson_, key); }
    /// The inverse of `Document::time`.
    UnixMicros time(const char* key) const;
    /// Calls `take` with the embedded document `key`, if it exists.
    void visit_document(const char* key, const std::function<void(const DocumentView&)>& take) const;

    const bson_t& get() const { return *bson_; }

private:
    const bson_t* bson_;
};

inline constexpr const char* kRooms = "globes_rooms";
inline constexpr const char* kEvents = "globes_events";
/// Single numbers: the next room id, the number of the last writer, the heartbeat of a server, the layout version.
inline constexpr const char* kCounters = "globes_counters";
/// Deleted rooms whose events are still stored.
inline constexpr const char* kRemovals = "globes_removals";

/// The same for every write of an event, so that a repeated insert stores it once.
std::string event_id(chat::RoomId room, std::uint64_t seq);
/// Unique in a room for each sender and client id. Escaped, because some servers reject a NUL in an index key.
std::string dedupe_key(std::string_view folded_name, std::string_view client_id);

/// `writer`: the number of the storing process.
Document event_document(const chat::Event& event, std::uint64_t writer);
/// Throws DatabaseError if `document` is not an event that Globes could have written.
chat::Event event_of(const DocumentView& document);

/// All fields except `_id` and `purged_seq`.
void append_room_fields(Document& document, const chat::RoomRecord& room, std::uint64_t version);
/// Throws DatabaseError if `document` is not a room that Globes could have written.
chat::RoomRecord room_record_of(const DocumentView& document);

}  // namespace globes::store::mongo
