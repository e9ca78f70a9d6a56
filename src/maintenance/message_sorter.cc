#include "maintenance/message_sorter.h"

#include "base/file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <system_error>
#include <tuple>
#include <utility>

namespace globes::maintenance {
namespace {

constexpr std::size_t kPieceBytes = std::size_t{1} << 16;

[[noreturn]] void fail(std::string_view what) {
    const std::string cause = std::generic_category().message(errno);
    throw std::runtime_error(
        fmt::format("{}: a temporary file {}: {}", std::filesystem::temp_directory_path().string(), what, cause));
}

template <class Number>
void append_number(std::string& out, Number number) {
    out.append(reinterpret_cast<const char*>(&number), sizeof number);
}

void append_text(std::string& out, const std::string& text) {
    append_number(out, text.size());
    out += text;
}

}  // namespace

/// The temporary file: sorted runs, one after another. Only this process reads it, so numbers have the format of the
/// memory.
class MessageSorter::Spool {
public:
    struct Run {
        std::uint64_t begin;
        std::uint64_t end;
    };

    Spool() {
        std::string name = (std::filesystem::temp_directory_path() / "globes-import-XXXXXX").string();
        file_ = FileDescriptor(::mkostemp(name.data(), O_CLOEXEC));
        if (!file_.is_open()) fail("cannot be created");
        ::unlink(name.c_str());
    }

    void write(const std::vector<Entry>& run) {
        const std::uint64_t begin = size_;
        std::string piece;
        for (const Entry& entry : run) {
            append(piece, entry);
            if (piece.size() >= kPieceBytes) write_piece(std::exchange(piece, {}));
        }
        write_piece(piece);
        runs_.push_back({begin, size_});
    }
    const std::vector<Run>& runs() const { return runs_; }
    /// Reads exactly `size` bytes, which exist.
    void read(std::uint64_t at, char* out, std::size_t size) const {
        while (size > 0) {
            const ssize_t count = ::pread(file_.get(), out, size, static_cast<off_t>(at));
            if (count < 0 && errno == EINTR) continue;
            if (count <= 0) fail("cannot be read");
            at += static_cast<std::uint64_t>(count);
            out += count;
            size -= static_cast<std::size_t>(count);
        }
    }

private:
    static void append(std::string& out, const Entry& entry) {
        const chat::Event& event = entry.message.event;
        append_number(out, entry.number);
        append_number(out, event.room);
        append_number(out, event.time);
        for (const std::string* text :
             {&event.name, &event.color, &event.text, &entry.message.id, &entry.message.other_id})
            append_text(out, *text);
    }
    void write_piece(std::string_view piece) {
        if (!write_all(file_.get(), piece)) fail("cannot be written");
        size_ += piece.size();
    }

    FileDescriptor file_;
    std::uint64_t size_ = 0;
    std::vector<Run> runs_;
};

/// The messages that fitted into memory.
class MessageSorter::Memory final : public Sorted {
public:
    explicit Memory(const std::vector<Entry>& run) : run_(run) {}
    std::optional<OriginalMessage> next() override {
        if (at_ == run_.size()) return std::nullopt;
        return run_[at_++].message;
    }

private:
    const std::vector<Entry>& run_;
    std::size_t at_ = 0;
};

/// The runs of a file, merged.
class MessageSorter::Merge final : public Sorted {
public:
    explicit Merge(const Spool& spool) {
        for (const Spool::Run& run : spool.runs()) {
            Reader reader(spool, run);
            if (reader.advance()) readers_.push_back(std::move(reader));
        }
        std::ranges::make_heap(readers_, is_later);
    }
    std::optional<OriginalMessage> next() override {
        if (readers_.empty()) return std::nullopt;
        std::ranges::pop_heap(readers_, is_later);
        OriginalMessage message = std::move(readers_.back().entry().message);
        if (readers_.back().advance())
            std::ranges::push_heap(readers_, is_later);
        else
            readers_.pop_back();
        return message;
    }

private:
    class Reader {
    public:
        Reader(const Spool& spool, Spool::Run run) : spool_(&spool), run_(run) {}

        Entry& entry() { return entry_; }
        const Entry& entry() const { return entry_; }
        /// Advances to the next entry; false after the last one.
        bool advance() {
            if (at_ == kept_.size() && run_.begin == run_.end) return false;
            read_number(entry_.number);
            chat::Event& event = entry_.message.event;
            read_number(event.room);
            read_number(event.time);
            for (std::string* text :
                 {&event.name, &event.color, &event.text, &entry_.message.id, &entry_.message.other_id}) {
                std::size_t size = 0;
                read_number(size);
                text->assign(take(size), size);
            }
            return true;
        }

    private:
        template <class Number>
        void read_number(Number& number) {
            std::memcpy(&number, take(sizeof number), sizeof number);
        }
        /// The next bytes of the run, which must exist.
        const char* take(std::size_t size) {
            if (kept_.size() - at_ < size) {
                kept_.erase(0, std::exchange(at_, 0));
                const std::size_t kept = kept_.size();
                const auto more = static_cast<std::size_t>(
                    std::min<std::uint64_t>(std::max(kPieceBytes, size - kept), run_.end - run_.begin));
                kept_.resize(kept + more);
                spool_->read(run_.begin, kept_.data() + kept, more);
                run_.begin += more;
            }
            return kept_.data() + std::exchange(at_, at_ + size);
        }

        const Spool* spool_;
        Spool::Run run_;  // the unread rest
        std::string kept_;
        std::size_t at_ = 0;
        Entry entry_{};
    };

    static bool is_later(const Reader& one, const Reader& other) { return is_before(other.entry(), one.entry()); }

    std::vector<Reader> readers_;
};

MessageSorter::MessageSorter(std::size_t run_bytes) : run_bytes_(run_bytes) {}

MessageSorter::~MessageSorter() = default;

bool MessageSorter::is_before(const Entry& one, const Entry& other) {
    const auto key = [](const Entry& entry) {
        const chat::Event& event = entry.message.event;
        return std::tie(event.room, event.time, entry.message.id, entry.number);
    };
    return key(one) < key(other);
}

void MessageSorter::add(OriginalMessage message) {
    bytes_ += sizeof(Entry) + message.event.name.size() + message.event.text.size() + message.other_id.size();
    run_.push_back({.message = std::move(message), .number = added_++});
    if (bytes_ < run_bytes_) return;
    if (!spool_) spool_ = std::make_unique<Spool>();
    end_run();
}

void MessageSorter::finish() {
    if (spool_)
        end_run();
    else
        std::ranges::sort(run_, is_before);
}

void MessageSorter::end_run() {
    std::ranges::sort(run_, is_before);
    spool_->write(run_);
    run_.clear();
    bytes_ = 0;
}

std::unique_ptr<MessageSorter::Sorted> MessageSorter::sorted() const {
    if (spool_) return std::make_unique<Merge>(*spool_);
    return std::make_unique<Memory>(run_);
}

}  // namespace globes::maintenance
