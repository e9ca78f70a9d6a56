// How many files of the folder `Static` may be open for clients that have not taken them completely. Each of them needs
// a descriptor besides that of its connection, so the server has to leave descriptors for them. Owned by the server.
// Thread: any.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <unordered_map>

#include "base/keyed_hash.h"
#include "base/mutex.h"
#include "net/address_limits.h"

namespace globes::api {

class OpenFiles {
public:
    explicit OpenFiles(std::size_t most) : most_(most) {}
    OpenFiles(const OpenFiles&) = delete;
    OpenFiles& operator=(const OpenFiles&) = delete;

    /// Counts a file until the last copy is destroyed. MUST NOT outlive the object that gave it.
    using Permit = std::shared_ptr<void>;
    /// Gives permits to one client.
    using Permits = std::function<Permit()>;

    /// Null if as many files are open as may be, or if the network of the client has its part of what was free: the
    /// more files are open, the fewer each may have. Exempt clients have no such limit.
    Permit take(const net::ClientAddress& client) {
        const std::uint64_t network = client.asker().network;
        {
            const MutexLock lock(mutex_);
            if (open_ >= most_) return nullptr;
            std::size_t& of_network = of_network_[network];
            const std::size_t share = std::max<std::size_t>(1, (most_ - open_) / kShare);
            if (!client.is_exempt() && of_network >= share) return nullptr;
            ++of_network;
            ++open_;
        }
        // Without the lock: if there is no memory for the permit, it is given back at once.
        return {this, [network](OpenFiles* files) { files->give_back(network); }};
    }
    Permits permits_of(const net::ClientAddress& client) {
        return [this, client] { return take(client); };
    }

private:
    static constexpr std::size_t kShare = 4;

    void give_back(std::uint64_t network) {
        const MutexLock lock(mutex_);
        --open_;
        if (const auto found = of_network_.find(network); --found->second == 0) of_network_.erase(found);
    }

    const std::size_t most_;
    Mutex mutex_;
    std::size_t open_ GUARDED_BY(mutex_) = 0;
    std::unordered_map<std::uint64_t, std::size_t, KeyedHash> of_network_ GUARDED_BY(mutex_);  // none is 0
};

}  // namespace globes::api
