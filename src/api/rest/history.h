// The history of a room over REST (docs/protocol.md#history). One object for each I/O thread, which makes all calls;
// the store's readers do the work.
#pragma once

#include "api/core_link.h"
#include "api/exchange.h"
#include "api/services.h"
#include "chat/room_key.h"

namespace globes::api {

class History {
public:
    History(CoreLink& core_link, Services& services) : core_link_(core_link), services_(services) {}

    void page(const Exchange& exchange, const chat::RoomKey& key);

private:
    struct Found {
        chat::RoomRecord record;
        chat::VisibleRange readable;
    };
    void read(const Exchange& exchange, const Found& room);
    void read_page(const Exchange& exchange, const chat::EventQuery& query, const chat::VisibleRange& readable);

    CoreLink& core_link_;
    Services& services_;
};

}  // namespace globes::api
