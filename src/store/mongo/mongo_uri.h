// Builds and checks connection strings, and shows them without secrets. Separate from driver.h, so that the
// configuration can include it without the headers of the driver. Pure functions; thread: any.
#pragma once

#include <string>
#include <string_view>

namespace globes::store {

/// `mongodb+srv://<user>:<password>@<cluster>/`, every part percent-encoded.
std::string mongo_srv_uri(std::string_view user, std::string_view password, std::string_view cluster);

/// Describes the fault of `uri` without any secret part of it; empty if it is valid.
std::string mongo_uri_fault(const std::string& uri);

/// The database in the path of `uri`; empty if the path is empty.
std::string mongo_database(const std::string& uri);

/// Describes why a database cannot have the name `name`; empty if it can.
std::string mongo_database_fault(std::string_view name);

/// The hosts of `uri`, for messages: without credentials and options.
std::string mongo_hosts(const std::string& uri);

/// Whether `uri` names a user.
bool has_mongo_user(const std::string& uri);

}  // namespace globes::store
