// One reader's session: the port's reads, within what the book says may be seen. Its thread only. Every call throws
// DatabaseError where the server can't be read.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "store/mongo/fence.h"
#include "store/mongo/room_book.h"
#include "store/mongo/session.h"

namespace globes::store::mongo {

/// Who purges and deletes: this process, and the book says so, or another one.
enum class Writer : std::uint8_t { this_process, another };

class Reader {
public:
    /// All of them outlive it.
    Reader(const ConnectionPool& pool, const std::string& database, CommittedCatalogue& catalogue, Writer writer)
        : session_(pool, database), catalogue_(catalogue), writer_(writer) {}

    /// Not ok where the room's last batch is not settled.
    chat::EventPage read(const chat::EventQuery& query);
    chat::SendLookup find(std::span<const chat::SendKey> keys);
    /// Reads a little, and whether this process may still write. Throws DatabaseError where that is not possible.
    void ping(Fence& fence);
    /// How often the server has answered so far; some of the above is known without asking it.
    std::uint64_t replies() const { return replies_; }

private:
    chat::EventPage read_from_catalogue(const chat::EventQuery& query);
    void leave_out_purged(chat::RoomId room, chat::EventPage& page);
    std::vector<std::optional<UnixMicros>> times_at(chat::RoomId room, const std::vector<std::uint64_t>& seqs);
    /// The next `limit` events of the range, from its end where `is_descending`.
    std::vector<chat::Event> events(chat::RoomId room, chat::SeqRange range, std::size_t limit, bool is_descending);
    void find_in_room(std::span<const chat::SendKey> keys, std::span<std::optional<chat::Event>> found,
                      CommittedCatalogue::Part part);

    void ask(const char* collection, const Document& filter, const Document& options, std::size_t most,
             const std::function<void(const DocumentView&)>& take);

    Session session_;
    CommittedCatalogue& catalogue_;
    const Writer writer_;
    std::uint64_t replies_ = 0;
};

}  // namespace globes::store::mongo
