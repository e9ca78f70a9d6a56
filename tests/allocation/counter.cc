#include "allocation/counter.h"

#include <cstdlib>
#include <new>

namespace {

thread_local std::size_t count = 0;

void* take(std::size_t bytes, std::size_t alignment) {
    ++count;
    // The size has to be a multiple of the alignment.
    void* memory = std::aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
    if (memory == nullptr) std::abort();
    return memory;
}

}  // namespace

namespace globes {

std::size_t allocations() { return count; }

}  // namespace globes

// The array and sized forms of the library call these.
void* operator new(std::size_t bytes) { return take(bytes, __STDCPP_DEFAULT_NEW_ALIGNMENT__); }
void* operator new(std::size_t bytes, std::align_val_t alignment) {
    return take(bytes, static_cast<std::size_t>(alignment));
}
// The library's own would call the first of these, but a sanitizer brings others.
void* operator new(std::size_t bytes, const std::nothrow_t& /*unused*/) noexcept {
    return take(bytes, __STDCPP_DEFAULT_NEW_ALIGNMENT__);
}
void operator delete(void* memory, const std::nothrow_t& /*unused*/) noexcept { std::free(memory); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }
