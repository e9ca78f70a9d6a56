#include "contract/fake_documents.h"

#include <algorithm>
#include <cstring>

namespace globes::store {
namespace {

constexpr char kDouble = 1;
constexpr char kText = 2;
constexpr char kDocument = 3;
constexpr char kArray = 4;
constexpr char kObjectId = 7;
constexpr char kBoolean = 8;
constexpr char kInt32 = 16;
constexpr char kInt64 = 18;
constexpr std::size_t kObjectIdBytes = 12;

bool is_integer(const FakeValue& value) {
    return value.type == kInt32 || value.type == kInt64 || value.type == kBoolean || value.type == kDouble;
}

template <class Number>
std::string little_endian(Number number) {
    std::string bytes(sizeof number, '\0');
    std::memcpy(bytes.data(), &number, sizeof number);
    return bytes;
}

template <class Number>
Number take(std::string_view& bytes) {
    Number number{};
    std::memcpy(&number, bytes.data(), sizeof number);
    bytes.remove_prefix(sizeof number);
    return number;
}

std::string value_to_bson(const FakeValue& value) {
    switch (value.type) {
        case kText:
            return little_endian(static_cast<std::int32_t>(value.text.size() + 1)) + value.text + '\0';
        case kDocument:
        case kArray:
            return to_bson(value.fields);
        case kBoolean:
            return std::string(1, static_cast<char>(value.number));
        case kInt32:
            return little_endian(static_cast<std::int32_t>(value.number));
        case kObjectId:
            return value.text;
        default:
            return little_endian(value.number);
    }
}

FakeValue value_from_bson(char type, std::string_view& bytes) {
    FakeValue value(type, 0);
    switch (type) {
        case kText: {
            const auto length = static_cast<std::size_t>(take<std::int32_t>(bytes));
            value.text = bytes.substr(0, length - 1);
            bytes.remove_prefix(length);
            break;
        }
        case kDocument:
        case kArray:
            value.fields = from_bson(bytes);
            break;
        case kBoolean:
            value.number = take<std::int8_t>(bytes);
            break;
        case kInt32:
            value.number = take<std::int32_t>(bytes);
            break;
        case kObjectId:
            value.text = bytes.substr(0, kObjectIdBytes);
            bytes.remove_prefix(kObjectIdBytes);
            break;
        default:
            value.number = take<std::int64_t>(bytes);
    }
    return value;
}

bool matches_operator(const FakeValue& value, std::string_view name, const FakeValue& operand) {
    if (name == "$exists") return (value.type != 0) == (operand.number != 0);
    if (name == "$in")
        return std::ranges::any_of(operand.fields, [&](const auto& item) { return item.second == value; });
    if (value.type == 0) return false;
    if (name == "$lt") return value.number < operand.number;
    if (name == "$lte") return value.number <= operand.number;
    return name == "$gte" && value.number >= operand.number;
}

bool matches(const FakeDocument& document, const FakeDocument& filter) {
    return std::ranges::all_of(filter, [&](const auto& wanted) {
        const FakeValue& value = field_of(document, wanted.first);
        const FakeDocument& operators = wanted.second.fields;
        if (wanted.second.type != kDocument || operators.empty() || !operators.front().first.starts_with('$'))
            return value == wanted.second;
        return std::ranges::all_of(operators,
                                   [&](const auto& one) { return matches_operator(value, one.first, one.second); });
    });
}

bool has_same_key(const FakeDocument& one, const FakeDocument& other, const FakeDocument& key) {
    return std::ranges::all_of(
        key, [&](const auto& field) { return field_of(one, field.first) == field_of(other, field.first); });
}

void apply(FakeDocument& document, const FakeDocument& change) {
    for (const auto& [how, fields] : change) {
        for (const auto& [name, value] : fields.fields) {
            const FakeValue& before = field_of(document, name);
            if (how == "$inc")
                set_field(document, name, fake_number(before.number + value.number));
            else if (how == "$set" || before.type == 0 || before.number < value.number)
                set_field(document, name, value);
        }
    }
}

}  // namespace

bool operator==(const FakeValue& one, const FakeValue& other) {
    const bool is_same_type = one.type == other.type || (is_integer(one) && is_integer(other));
    return is_same_type && one.number == other.number && one.text == other.text && one.fields == other.fields;
}

FakeValue::FakeValue() = default;
FakeValue::FakeValue(char type_of_value, std::int64_t value) : type(type_of_value), number(value) {}

FakeValue fake_number(std::int64_t number) { return FakeValue(kInt64, number); }

FakeValue fake_text(std::string text) {
    FakeValue value(kText, 0);
    value.text = std::move(text);
    return value;
}

FakeValue fake_document(FakeDocument fields) {
    FakeValue value(kDocument, 0);
    value.fields = std::move(fields);
    return value;
}

FakeValue fake_array(std::vector<FakeDocument> documents) {
    FakeValue array(kArray, 0);
    for (FakeDocument& document : documents)
        array.fields.emplace_back(std::to_string(array.fields.size()), fake_document(std::move(document)));
    return array;
}

const FakeValue& field_of(const FakeDocument& document, std::string_view name) {
    static const FakeValue kAbsent;
    const auto found = std::ranges::find(document, name, &FakeDocument::value_type::first);
    return found == document.end() ? kAbsent : found->second;
}

void set_field(FakeDocument& document, const std::string& name, FakeValue value) {
    const auto found = std::ranges::find(document, name, &FakeDocument::value_type::first);
    if (found == document.end())
        document.emplace_back(name, std::move(value));
    else
        found->second = std::move(value);
}

std::string to_bson(const FakeDocument& document) {
    std::string body;
    for (const auto& [name, value] : document) body += value.type + name + '\0' + value_to_bson(value);
    return little_endian(static_cast<std::int32_t>(body.size() + 5)) + body + '\0';
}

FakeDocument from_bson(std::string_view& bytes) {
    FakeDocument document;
    take<std::int32_t>(bytes);
    while (const char type = take<char>(bytes)) {
        const std::string name(bytes.substr(0, bytes.find('\0')));
        bytes.remove_prefix(name.size() + 1);
        document.emplace_back(name, value_from_bson(type, bytes));
    }
    return document;
}

void FakeDocuments::add_index(std::string name, FakeDocument key) {
    if (std::ranges::find(indexes_, name, &decltype(indexes_)::value_type::first) == indexes_.end())
        indexes_.emplace_back(std::move(name), std::move(key));
}

bool FakeDocuments::insert(FakeDocument document) {
    const FakeDocument by_id = {{"_id", fake_number(1)}};
    const auto is_in_the_way = [&](const FakeDocument& other) {
        return has_same_key(document, other, by_id) || std::ranges::any_of(indexes_, [&](const auto& index) {
                   return has_same_key(document, other, index.second);
               });
    };
    if (std::ranges::any_of(documents_, is_in_the_way)) return false;
    documents_.push_back(std::move(document));
    return true;
}

std::vector<FakeDocument> FakeDocuments::find(const FakeDocument& filter, const FakeDocument& sort,
                                              std::int64_t limit) const {
    std::vector<FakeDocument> found;
    std::ranges::copy_if(documents_, std::back_inserter(found),
                         [&](const FakeDocument& document) { return matches(document, filter); });
    if (!sort.empty()) {
        const auto& [name, direction] = sort.front();
        std::ranges::sort(found, {}, [&name, sign = direction.number](const FakeDocument& document) {
            return sign * field_of(document, name).number;
        });
    }
    if (limit > 0 && found.size() > static_cast<std::size_t>(limit)) found.resize(static_cast<std::size_t>(limit));
    return found;
}

std::size_t FakeDocuments::update(const FakeDocument& filter, const FakeDocument& change, bool upsert) {
    const auto found =
        std::ranges::find_if(documents_, [&](const FakeDocument& document) { return matches(document, filter); });
    if (found != documents_.end()) {
        apply(*found, change);
        return 1;
    }
    if (!upsert) return 0;
    FakeDocument document;
    for (const auto& [name, value] : filter)
        if (value.type != kDocument) document.emplace_back(name, value);
    apply(document, change);
    insert(std::move(document));
    return 0;
}

std::size_t FakeDocuments::remove(const FakeDocument& filter) {
    return std::erase_if(documents_, [&](const FakeDocument& document) { return matches(document, filter); });
}

}  // namespace globes::store
