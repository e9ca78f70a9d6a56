// What the parts of the server are given, derived from the configuration. Called by the server, at start, on the main
// thread; the results are values. Plain functions.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <vector>

#include "api/io_counts.h"
#include "api/refusal_log.h"
#include "api/services.h"
#include "base/config.h"
#include "chat/room.h"
#include "net/address_limits.h"
#include "net/http_context.h"
#include "net/ws_session.h"

namespace globes {

/// `configured` threads; if that is 0, half as many as the machine has cores, at least one.
std::size_t thread_count(std::size_t configured);

/// What the limit of open files allows.
struct DescriptorLimits {
    std::size_t connections = 0;  ///< At most `MaxConnections`, if it is not 0.
    std::size_t files = 0;        ///< Of the folder `Static`, that clients have not taken completely.
};
/// Raises the limit of open files to the hard limit.
DescriptorLimits descriptor_limits(const Config& config);

net::WsSettings ws_settings(const Config& config);

/// Adds the requests to `counts`, which belong to the same I/O thread. The result refers to all arguments.
net::HttpSettings http_settings(const Config& config, api::IoCounts& counts, api::RefusalLog& refusal_log);

/// Whether only programs on this machine reach the server, and none of them passes requests on.
bool is_local(const Config& config, const std::vector<boost::asio::ip::tcp::endpoint>& endpoints);

/// Whether others than programs on this machine reach the server: `is_local` is false, or it has a public name, which a
/// proxy before it serves.
bool is_reachable(const Config& config, const std::vector<boost::asio::ip::tcp::endpoint>& endpoints);

api::FloodLimits flood_limits(const Config& config);

chat::RoomLimits room_limits(const Config& config);

net::AddressLimitSettings address_limits(const Config& config);

/// The folder of the database, if it is on a disk of this machine.
std::optional<std::filesystem::path> database_folder(const Config& config);

}  // namespace globes
