#include "store/mongo/schema.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <iterator>
#include <limits>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/logging.h"
#include "store/mongo/documents.h"
#include "store/mongo/fence.h"

namespace globes::store::mongo {
namespace {

// 1: collections with their old names. 2: the current names. 3: each room has a salt (catalogue.h).
constexpr std::int64_t kCurrentNames = 2;
constexpr std::int64_t kLayout = 3;

struct Collection {
    const char* name;
    const char* old_name;  ///< In version 1 of the layout; other programs have collections of these names too.
    const char* field;     ///< A field that each of its documents has, and documents of other programs lack.
};

// In the order in which they are renamed. The counters are the last: until then, the heartbeat of a server of the older
// version is found under their old name.
constexpr std::array<Collection, 4> kCollections = {{
    {kEvents, "chat_events", "dedupe_key"},
    {kRemovals, "chat_removals", "room_id"},
    {kRooms, "chat_rooms", "title_key"},
    {kCounters, "chat_counters", "value"},
}};

using Names = std::set<std::string>;

/// Empty for a collection, also if the server does not report the kind.
std::string kind_of(const DocumentView& collection) {
    const std::string type = collection.text("type");
    if (type == "view") return "a view";
    if (type == "timeseries") return "a time series";
    if (!type.empty() && type != "collection") return "not a collection";
    bool is_capped = false;
    collection.visit_document("options", [&](const DocumentView& options) { is_capped = options.boolean("capped"); });
    return is_capped ? "a capped collection" : "";
}

/// The names of collections, without views: an older version of Globes never created a view.
Names names_of(Session& session) {
    Document command;
    command.integer("listCollections", 1).boolean("nameOnly", true);
    Names names;
    session.for_each_of_command(command, [&](const DocumentView& collection) {
        if (kind_of(collection).empty()) names.insert(collection.text("name"));
    });
    return names;
}

/// A view and a time series do not accept the documents of Globes, and a capped collection drops the oldest ones.
void check_own_kinds(Session& session) {
    std::vector<std::string> names;
    names.reserve(std::size(kCollections));
    for (const Collection& collection : kCollections) names.emplace_back(collection.name);
    Document any;
    any.texts("$in", names);
    Document filter;
    filter.document("name", any);
    Document command;
    command.integer("listCollections", 1).document("filter", filter);
    session.for_each_of_command(command, [&](const DocumentView& collection) {
        const std::string name = collection.text("name");
        const std::string kind = kind_of(collection);
        // Not every server applies the filter.
        if (!kind.empty() && std::ranges::find(names, name) != names.end())
            throw std::runtime_error(
                fmt::format("{} is {}, which Globes cannot use; remove it, or name another database", name, kind));
    });
}

/// Whether a document of the collection has the field, or lacks it.
bool has_document(Session& session, const char* collection, const char* field, bool has_field) {
    Document exists;
    exists.boolean("$exists", has_field);
    Document filter;
    filter.document(field, exists);
    Document id;
    id.integer("_id", 1);
    Document options;
    options.integer("limit", 1).document("projection", id);
    bool is_found = false;
    session.find(collection, filter, options, 1, [&](const DocumentView&) { is_found = true; });
    return is_found;
}

/// Whether the collection has documents of Globes. Throws std::runtime_error if it also has documents of another
/// program.
bool is_ours(Session& session, const Collection& collection, const char* name) {
    if (!has_document(session, name, collection.field, true)) return false;
    if (has_document(session, name, collection.field, false))
        throw std::runtime_error(
            fmt::format("the collection {} holds documents of Globes and of another program; move one kind away, or "
                        "name another database",
                        name));
    return true;
}

/// Each start of a server of version 1 incremented the counter `writer` before it created anything else.
bool has_old_server(Session& session, const Names& names) {
    const Collection& counters = kCollections.back();
    if (!names.contains(counters.old_name)) return false;
    Document id;
    id.text("_id", "writer");
    bool is_found = false;
    session.find(counters.old_name, id, Document(), 1,
                 [&](const DocumentView& counter) { is_found = counter.integer("value") > 0; });
    return is_found;
}

/// The collections of version 1, in the order in which they are renamed.
std::vector<const Collection*> old_collections(Session& session, const Names& names) {
    std::vector<const Collection*> old;
    if (!has_old_server(session, names)) return old;
    for (const Collection& collection : kCollections)
        if (names.contains(collection.old_name) && is_ours(session, collection, collection.old_name))
            old.push_back(&collection);
    return old;
}

/// 0 if no version is stored.
std::int64_t layout_version(Session& session, const Names& names) {
    if (!names.contains(kCounters)) return 0;
    Document id;
    id.text("_id", "layout");
    std::int64_t layout = 0;
    session.find(kCounters, id, Document(), 1, [&](const DocumentView& counter) { layout = counter.integer("value"); });
    if (layout > kLayout)
        throw std::runtime_error("is the database of a newer version of Globes, which this one does not know");
    return layout;
}

/// Rejects collections with documents of another program under names of Globes.
void check_own_names(Session& session, const Names& names) {
    for (const Collection& collection : kCollections)
        if (names.contains(collection.name) && !is_ours(session, collection, collection.name) &&
            has_document(session, collection.name, collection.field, false))
            throw std::runtime_error(fmt::format(
                "the collection {} holds documents of another program; name another database", collection.name));
}

void rename(Session& session, const Collection& collection) {
    try {
        session.rename(collection.old_name, collection.name);
    } catch (const DatabaseError&) {
        // Another process may have been faster, or the answer was lost.
        const Names names = names_of(session);
        if (names.contains(collection.old_name) || !names.contains(collection.name)) throw;
        return;
    }
    spdlog::info("event=collection_renamed from={} to={}", collection.old_name, collection.name);
}

/// Version 1 also created its indexes on a collection `chat_events` of another program. An error is not important here.
void warn_of_left_indexes(Session& session, const char* name) {
    Document command;
    command.text("listIndexes", name);
    try {
        session.for_each_of_command(command, [&](const DocumentView& index) {
            const std::string index_name = index.text("name");
            if (index_name == "room_seq" || index_name == "room_dedupe_key")
                spdlog::warn("event=foreign_collection name={} index={}", name, index_name);
        });
    } catch (const DatabaseError& error) {
        spdlog::debug("event=foreign_collection name={} cause={}", name, log_value(error.what()));
    }
}

// Error code of the server.
constexpr std::uint32_t kNoSuchCollection = 26;

struct Index {
    const char* collection;
    const char* name;
    std::vector<std::string_view> keys;
};

// All are plain and unique, which every server of this protocol supports.
const std::vector<Index>& indexes() {
    static const std::vector<Index> all = {
        {kRooms, "title_key", {"title_key"}},
        {kEvents, "room_seq", {"room_id", "seq"}},
        {kEvents, "room_dedupe_key", {"room_id", "dedupe_key"}},
    };
    return all;
}

Document key_of(const Index& index) {
    Document key;
    for (const std::string_view field : index.keys) key.integer(field, 1);
    return key;
}

void make(Session& session, const Index& index) {
    Document definition;
    definition.document("key", key_of(index)).text("name", index.name).boolean("unique", true);
    std::vector<Document> definitions;
    definitions.push_back(std::move(definition));
    Document command;
    command.text("createIndexes", index.collection).documents("indexes", definitions);
    session.command(command, [](const DocumentView&) {});
}

bool is_key(const DocumentView& definition, const Index& index) {
    bson_iter_t key;
    bson_iter_t field;
    if (!bson_iter_init_find(&key, &definition.get(), "key") || !bson_iter_recurse(&key, &field)) return false;
    for (const std::string_view name : index.keys)
        if (!bson_iter_next(&field) || bson_iter_key(&field) != name || bson_iter_as_int64(&field) != 1) return false;
    return !bson_iter_next(&field);
}

bool is_plain_and_unique(const DocumentView& definition) {
    return definition.boolean("unique") && !definition.has("partialFilterExpression") && !definition.has("sparse") &&
           !definition.has("collation");
}

void for_each_index(Session& session, const char* collection, const std::function<void(const DocumentView&)>& take) {
    Document command;
    command.text("listIndexes", collection);
    try {
        session.for_each_of_command(command, take);
    } catch (const DatabaseError& error) {
        if (error.code() != kNoSuchCollection) throw;
    }
}

/// Whether the server has the index as specified. Some servers accept `createIndexes` and create a different index.
bool is_there(Session& session, const Index& index) {
    bool is_found = false;
    for_each_index(session, index.collection, [&](const DocumentView& definition) {
        is_found |= is_key(definition, index) && is_plain_and_unique(definition);
    });
    return is_found;
}

/// A unique index of another program would make the server refuse an event, and with it all later events of the room.
void reject_foreign_unique_indexes(Session& session, const char* collection) {
    const auto is_own = [&](const DocumentView& definition) {
        const Index by_id = {collection, "_id_", {"_id"}};
        return is_key(definition, by_id) || std::ranges::any_of(indexes(), [&](const Index& index) {
                   return std::string_view(index.collection) == collection && is_key(definition, index) &&
                          is_plain_and_unique(definition);
               });
    };
    for_each_index(session, collection, [&](const DocumentView& definition) {
        if (definition.boolean("unique") && !is_own(definition))
            throw std::runtime_error(
                fmt::format("the collection {} has a unique index {} that Globes did not create; remove that index",
                            collection, definition.text("name")));
    });
}

}  // namespace

void migrate_names(Session& session, std::chrono::milliseconds heartbeat) {
    check_own_kinds(session);
    const Names names = names_of(session);
    if (layout_version(session, names) >= kCurrentNames) return;
    check_own_names(session, names);
    const std::vector<const Collection*> old = old_collections(session, names);
    for (const Collection* collection : old)
        if (names.contains(collection->name))
            throw std::runtime_error(fmt::format("holds both {} and its older name {}; move one of them away",
                                                 collection->name, collection->old_name));
    const Collection& events = kCollections.front();
    if (names.contains(events.old_name) && std::ranges::find(old, &events) == old.end())
        warn_of_left_indexes(session, events.old_name);
    if (!old.empty() && Heartbeat::is_server_alive(session, kCollections.back().old_name, heartbeat))
        throw std::runtime_error("a server of an older version runs on it; stop it first");
    for (const Collection* collection : old) rename(session, *collection);
}

void store_layout_version(Session& session) {
    Document id;
    id.text("_id", "layout");
    Document value;
    value.integer("value", kLayout);
    // A newer version may have opened the database meanwhile.
    Document change;
    change.document("$max", value);
    const WriteResult stored = session.update(kCounters, id, change, true);
    if (stored.status != WriteStatus::acknowledged) throw DatabaseError(stored.cause, stored.domain, stored.code);
}

void check_layout(Session& session) {
    const Names names = names_of(session);
    const std::int64_t layout = layout_version(session, names);
    if (layout == kLayout) return;
    const auto old = layout < kCurrentNames ? old_collections(session, names) : std::vector<const Collection*>();
    if (!old.empty())
        throw std::runtime_error(
            fmt::format("is of an older version: {} has to be renamed to {}; start the server once, which does it",
                        old.front()->old_name, old.front()->name));
    if (names.contains(kRooms) && has_document(session, kRooms, "salt", false))
        throw std::runtime_error(
            "is of an older version: its rooms have no salts; start the server once, which adds them");
}

void ensure_indexes(Session& session) {
    for (const Index& index : indexes()) make(session, index);
    if (const std::string fault = index_fault(session); !fault.empty()) throw std::runtime_error(fault);
    for (const char* collection : {kRooms, kEvents, kCounters, kRemovals})
        reject_foreign_unique_indexes(session, collection);
}

std::string index_fault(Session& session) {
    for (const Index& index : indexes())
        if (!is_there(session, index))
            return fmt::format("the index {} of {} is missing, or is not plain and unique", index.name,
                               index.collection);
    return {};
}

}  // namespace globes::store::mongo
