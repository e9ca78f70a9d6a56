// Connection strings: made of their parts, checked, and without what nobody should read.
#pragma once

#include <string>
#include <string_view>

namespace globes::store {

/// `mongodb+srv://<user>:<password>@<cluster>/`, every part percent-encoded.
std::string mongo_srv_uri(std::string_view user, std::string_view password, std::string_view cluster);

/// Empty where `uri` is a connection string, or what is wrong with it, without any part of it that may be secret.
std::string mongo_uri_fault(const std::string& uri);

/// The database that the path of `uri` names; empty if it names none.
std::string mongo_database(const std::string& uri);

/// Empty where `name` can be that of a database, or what is wrong with it.
std::string mongo_database_fault(std::string_view name);

/// The hosts of `uri`, for messages: without credentials and options.
std::string mongo_hosts(const std::string& uri);

/// Whether `uri` names a user.
bool has_mongo_user(const std::string& uri);

}  // namespace globes::store
