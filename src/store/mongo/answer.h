// Whether an answer of the server is one that the driver can take apart. The driver of Debian 12 (1.23) does so without
// looking at bounds, and asserts or takes for granted what some fields hold: what fails here would end the process.
// Functions of bytes; any thread.
#pragma once

#include <cstdint>
#include <span>

namespace globes::store::mongo {

/// The opcode of a question.
inline constexpr std::int32_t kOpMsg = 2013;

/// Of a message that the driver is about to send.
std::int32_t opcode_of(const void* message);

/// One document and nothing else, whole to its last field and to those of the documents in it, and with what the driver
/// expects in the fields that it reads of an answer. What stands elsewhere may be another program's, and is not judged.
bool is_valid_reply(std::span<const std::uint8_t> document);

/// The header of an OP_REPLY, the document behind which is read when its length is known.
bool is_valid_reply_header(std::span<const std::uint8_t> bytes);

/// A whole message with one document, in the form of its question, whose opcode is `asked_in`. Nothing is compressed,
/// as no question offers it.
bool is_valid_reply_to(std::int32_t request_opcode, std::span<const std::uint8_t> message);

}  // namespace globes::store::mongo
