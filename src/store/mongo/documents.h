// What Globes' rooms and events look like as documents, one way and back. docs/mongodb.md shows them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "chat/event.h"
#include "chat/room_record.h"
#include "store/mongo/bson.h"

namespace globes::store::mongo {

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
