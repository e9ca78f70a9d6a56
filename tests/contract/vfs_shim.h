// A disk for tests: a SQLite VFS on top of the system's own. A derived class decides what each read and each change
// does. The VFS is registered under its name during its lifetime.
#pragma once

#include <sqlite3.h>

#include <string>

namespace globes::store {

class VfsShim {
public:
    VfsShim(const VfsShim&) = delete;
    VfsShim& operator=(const VfsShim&) = delete;

    /// A file on the real disk that SQLite has open. Results are those of SQLite.
    class File {
    public:
        File(sqlite3_file* real, const std::string& name) : real_(real), name_(name) {}
        const std::string& name() const { return name_; }
        int read(void* bytes, int size, sqlite3_int64 offset) {
            return real_->pMethods->xRead(real_, bytes, size, offset);
        }
        int write(const void* bytes, int size, sqlite3_int64 offset) {
            return real_->pMethods->xWrite(real_, bytes, size, offset);
        }
        int truncate(sqlite3_int64 size) { return real_->pMethods->xTruncate(real_, size); }
        int sync(int flags) { return real_->pMethods->xSync(real_, flags); }
        int device_characteristics() { return real_->pMethods->xDeviceCharacteristics(real_); }

    private:
        sqlite3_file* const real_;
        const std::string& name_;
    };

    // Called by SQLite on any thread that uses the file. By default they call the real file.
    virtual int read(File& file, void* bytes, int size, sqlite3_int64 offset) { return file.read(bytes, size, offset); }
    virtual int write(File& file, const void* bytes, int size, sqlite3_int64 offset) {
        return file.write(bytes, size, offset);
    }
    virtual int truncate(File& file, sqlite3_int64 size) { return file.truncate(size); }
    virtual int sync(File& file, int flags) { return file.sync(flags); }
    /// Guarantees that SQLite may rely on, for example that a write never damages the bytes next to it.
    virtual int device_characteristics(File& file) { return file.device_characteristics(); }
    virtual void on_open(const std::string&) {}
    virtual void on_delete(const std::string&) {}

protected:
    explicit VfsShim(std::string name);
    virtual ~VfsShim();

private:
    const std::string name_;
    sqlite3_vfs vfs_;
};

}  // namespace globes::store
