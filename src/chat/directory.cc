#include "chat/directory.h"

#include <cassert>
#include <random>
#include <utility>

#include "base/random.h"
#include "base/text.h"

namespace globes::chat {

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

bool Directory::claim_title(const std::string& title, RoomId id) {
    return ids_.try_emplace(fold_case(title), id).first->second == id;
}

void Directory::free_title(const std::string& title, RoomId id) {
    const auto found = ids_.find(fold_case(title));
    if (found != ids_.end() && found->second == id) ids_.erase(found);
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
    if (fold_case(old_title) != fold_case(room.record().title)) free_title(old_title, room.record().id);
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
    free_title(found->second->record().title, id);
    listed_.erase(id);
    rooms_.erase(found);
}

}  // namespace globes::chat
