// The room resources of the REST API (docs/protocol.md#rooms): list, create, get, update, delete. One object for each
// I/O thread, which makes all calls.
#pragma once

#include <string>

#include "api/core_link.h"
#include "api/exchange.h"
#include "api/services.h"
#include "chat/room_key.h"
#include "chat/room_rules.h"

namespace globes::api {

class Rooms {
public:
    Rooms(CoreLink& core_link, Services& services) : core_link_(core_link), services_(services) {}

    void list(const Exchange& exchange);
    void create(const Exchange& exchange);
    void get(const Exchange& exchange, const chat::RoomKey& key);
    void update(const Exchange& exchange, const chat::RoomKey& key);
    void remove(const Exchange& exchange, const chat::RoomKey& key);

private:
    void store_new(const Exchange& exchange, chat::CheckedRoom room);
    void store_change(const Exchange& exchange, const chat::RoomRecord& base, chat::RoomRecord next);
    /// Hashes on a worker and goes on here with `then(hash)`.
    template <class Then>
    void hash(const Exchange& exchange, std::string password, Then then);

    CoreLink& core_link_;
    Services& services_;
};

}  // namespace globes::api
