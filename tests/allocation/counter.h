// Counts what this thread takes from the heap, and makes it fail: the program's operator new is replaced (counter.cc).
#pragma once

#include <cstddef>

namespace globes {

/// Calls of operator new by this thread since it began.
std::size_t allocations();

/// Makes one call of operator new by this thread throw std::bad_alloc: 1 is the next call; 0 revokes it.
void fail_allocation(std::size_t number);
/// Whether that call is still to come.
bool will_allocation_fail();

/// How many of them `act` makes.
template <class Act>
std::size_t allocations_of(Act act) {
    const std::size_t before = allocations();
    act();
    return allocations() - before;
}

}  // namespace globes
