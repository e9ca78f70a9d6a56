// The documents of one collection of a FakeMongodb, which finds, inserts, updates and removes them. Unique indexes are
// checked.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace globes::store {

struct FakeValue;
using FakeDocument = std::vector<std::pair<std::string, FakeValue>>;

struct FakeValue {
    FakeValue();
    FakeValue(char type_of_value, std::int64_t value);

    char type = 0;            ///< As BSON numbers it; 0: absent.
    std::int64_t number = 0;  ///< Of an integer, a boolean, a date, or a double (its bits).
    std::string text;
    FakeDocument fields;  ///< Of a document or an array.

    friend bool operator==(const FakeValue& one, const FakeValue& other);
};

FakeValue fake_number(std::int64_t number);
FakeValue fake_text(std::string text);
FakeValue fake_document(FakeDocument fields);
FakeValue fake_array(std::vector<FakeDocument> documents);

/// The first field of that name; an absent value if it does not exist.
const FakeValue& field_of(const FakeDocument& document, std::string_view name);
void set_field(FakeDocument& document, const std::string& name, FakeValue value);

/// From BSON; advances `bytes` to the end of the document. The driver sends well-formed documents.
std::string to_bson(const FakeDocument& document);
FakeDocument from_bson(std::string_view& bytes);

class FakeDocuments {
public:
    /// The fields together are unique.
    void add_index(std::string name, FakeDocument key);
    const std::vector<std::pair<std::string, FakeDocument>>& indexes() const { return indexes_; }
    bool exists() const { return !documents_.empty() || !indexes_.empty(); }

    /// Returns false if an index contains the key already.
    bool insert(FakeDocument document);
    std::vector<FakeDocument> find(const FakeDocument& filter, const FakeDocument& sort, std::int64_t limit) const;
    /// Returns how many matched; at most one.
    std::size_t update(const FakeDocument& filter, const FakeDocument& change, bool upsert);
    std::size_t remove(const FakeDocument& filter);

private:
    std::vector<std::pair<std::string, FakeDocument>> indexes_ = {};
    std::vector<FakeDocument> documents_ = {};
};

}  // namespace globes::store
