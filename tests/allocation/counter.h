// Counts what this thread takes from the heap: the program's operator new is replaced (counter.cc).
#pragma once

#include <cstddef>

namespace globes {

/// Calls of operator new by this thread since it began.
std::size_t allocations();

/// How many of them `act` makes.
template <class Act>
std::size_t allocations_of(Act act) {
    const std::size_t before = allocations();
    act();
    return allocations() - before;
}

}  // namespace globes
