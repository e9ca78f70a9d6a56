// Connection strings: built, checked, and shown without secrets. Apart from driver.h so that the configuration can use
// it without the headers of the driver. Functions of their arguments; thread: any.
#pragma once

#include <string>
#include <string_view>

namespace globes::store {

/// `mongodb+srv://<user>:<password>@<cluster>/`, every part percent-encoded.
std::string mongo_srv_uri(std::string_view user, std::string_view password, std::string_view cluster);

/// What is wrong with `uri`, without any secret part of it; empty if it is valid.
std::string mongo_uri_fault(const std::string& uri);

/// The database that the path of `uri` names; empty if it names none.
std::string mongo_database(const std::string& uri);

/// What is wrong with `name` as the name of a database; empty if it is valid.
std::string mongo_database_fault(std::string_view name);

/// The hosts of `uri`, for messages: without credentials and options.
std::string mongo_hosts(const std::string& uri);

/// Whether `uri` names a user.
bool has_mongo_user(const std::string& uri);

}  // namespace globes::store
