// What all clients of a script have learned of each room, across restarts of the server. Used by the clients, which
// check what they receive against it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/text.h"
#include "chat/room_record.h"
#include "life/store.h"

namespace globes::fuzz {

/// Unlike assert, also active in optimized builds.
void require(bool condition, const char* what);

class RoomTruth {
public:
    explicit RoomTruth(const ScriptedStore& store) : store_(store) {}

    /// A client has received a send: it is stored, and everybody receives the same bytes.
    void see_send(chat::RoomId room, std::uint64_t seq, std::string_view name, std::string_view id,
                  std::string_view json) {
        const auto [known, is_new] = sends_.try_emplace({room, seq}, json);
        require(known->second == json, "everybody receives the same bytes for a seq");
        if (!is_new || !store_.records().contains(room)) return;
        const auto page = store_.page({.room = room, .after = seq - 1, .limit = 1});
        if (seq < page.first_seq) return;  // purged
        require(page.events.size() == 1 && page.events[0].seq == seq, "what is delivered is stored");
        require(page.events[0].name == name && page.events[0].client_id == id, "as it is delivered");
    }
    /// A client has been told that its send is stored, for the first time.
    void see_ack(chat::RoomId room, std::uint64_t seq, const std::string& id, bool is_duplicate) {
        const auto [known, is_new] = acks_.try_emplace({room, seq}, id);
        require(known->second == id, "a seq has one id");
        require(is_new || is_duplicate, "a send is acknowledged as new once");
    }

    /// A client has written an event, or a part of one.
    void note_event(std::string_view json) { events_.push_back(fold_case(json)); }
    /// A client has written any bytes: they may be events too.
    void note_anything() { may_have_missed_ = true; }
    /// Whether a name may have left so often. Each leave but the first follows an event that took the name.
    bool may_leave(std::string_view folded_name, std::size_t times) const {
        const auto takes = [&](const std::string& event) { return event.contains(folded_name); };
        return may_have_missed_ || times <= 1 + static_cast<std::size_t>(std::ranges::count_if(events_, takes));
    }

private:
    const ScriptedStore& store_;
    std::vector<std::string> events_;
    bool may_have_missed_ = false;
    std::map<std::pair<chat::RoomId, std::uint64_t>, std::string> sends_;
    std::map<std::pair<chat::RoomId, std::uint64_t>, std::string> acks_;
};

}  // namespace globes::fuzz
