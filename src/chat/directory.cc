#include "chat/directory.h"

#include <cassert>
#include <random>
#include <utility>

#include "base/look_alike.h"
#include "base/random.h"
#include "base/text.h"

namespace globes::chat {
namespace {

constexpr Error kLooksTaken{
    .code = ErrorCode::duplicate_room, .field = "title", .reason = "The title looks like that of another room."};

}  // namespace

Room* Directory::find(RoomId id) const {
    const auto found = rooms_.find(id);
    return found == rooms_.end() ? nullptr : found->second.get();
}

Room* Directory::find(const RoomKey& key) const {
    if (key.id) return find(*key.id);
    const auto found = ids_.find(key.folded_title);
    return found == ids_.end() ? nullptr : find(found->second);
}

std::vector<const Room*> Directory::list(RoomId after, std::size_t limit) const {
    std::vector<const Room*> listed;
    for (auto at = listed_.upper_bound(after); at != listed_.end() && listed.size() < limit; ++at)
        listed.push_back(at->second);
    return listed;
}

RoomId Directory::new_id(Visibility visibility) {
    if (visibility != Visibility::hidden_room) return next_id_++;
    SystemRandom source;  // an id is not a secret, but counting must not find it
    std::uniform_int_distribution<RoomId> ids(kFirstRandomRoomId, kEndOfRoomIds - 1);
    RoomId id = ids(source);
    while (rooms_.contains(id)) id = ids(source);
    return id;
}

std::array<Directory::LookHash, 2> Directory::looks_of(const std::string& title) {
    const LookAlikeKeys keys = LookAlikeKeys::of(title);
    // With different prefixes, because a key of one kind is not compared with one of the other.
    return {KeyedHash()("f" + keys.folded), KeyedHash()("s" + keys.skeleton)};
}

Result<void> Directory::check_title(const std::string& title, Visibility visibility, RoomId id) const {
    const auto found = ids_.find(fold_case(title));
    if (found != ids_.end() && found->second != id)
        return std::unexpected(Error{.code = ErrorCode::duplicate_room, .field = "title"});
    if (visibility == Visibility::hidden_room) return {};
    for (const LookHash look : looks_of(title))
        for (auto at = looks_.lower_bound({look, 0}); at != looks_.end() && at->first == look; ++at)
            if (at->second != id) return std::unexpected(kLooksTaken);
    return {};
}

Result<void> Directory::claim_title(const std::string& title, Visibility visibility, RoomId id) {
    const auto checked = check_title(title, visibility, id);
    if (checked) claim_stored_title(title, visibility, id);
    return checked;
}

bool Directory::claim_stored_title(const std::string& title, Visibility visibility, RoomId id) {
    if (visibility != Visibility::hidden_room)
        for (const LookHash look : looks_of(title)) looks_.emplace(look, id);
    return ids_.try_emplace(fold_case(title), id).first->second == id;
}

void Directory::free_title(const std::string& title, RoomId id) {
    const Room* const room = find(id);
    const auto found = ids_.find(fold_case(title));
    if (found != ids_.end() && found->second == id &&
        (room == nullptr || fold_case(room->record().title) != found->first))
        ids_.erase(found);
    for (const LookHash look : looks_of(title)) looks_.erase({look, id});
    if (room != nullptr && room->record().visibility != Visibility::hidden_room)
        for (const LookHash look : looks_of(room->record().title)) looks_.emplace(look, id);
}

Room& Directory::insert(std::unique_ptr<Room> room) {
    const RoomId id = room->record().id;
    assert(!rooms_.contains(id));
    assert(ids_.contains(fold_case(room->record().title)));
    Room& inserted = *rooms_.insert_or_assign(id, std::move(room)).first->second;
    relist(inserted);
    return inserted;
}

void Directory::change(Room& room, RoomRecord record) {
    assert(find(record.id) == &room);
    assert(ids_.contains(fold_case(record.title)));
    const std::string old_title = room.record().title;
    room.set_record(std::move(record));
    free_title(old_title, room.record().id);
    relist(room);
}

void Directory::relist(const Room& room) {
    if (room.record().visibility == Visibility::hidden_room) {
        listed_.erase(room.record().id);
    } else {
        listed_.insert_or_assign(room.record().id, &room);
    }
}

void Directory::erase(RoomId id) {
    const auto found = rooms_.find(id);
    if (found == rooms_.end()) return;
    const std::string title = found->second->record().title;
    listed_.erase(id);
    rooms_.erase(found);
    free_title(title, id);
}

}  // namespace globes::chat
