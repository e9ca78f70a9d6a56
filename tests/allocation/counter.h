// Counts what this thread takes from the heap, and makes it fail: the program's operator new is replaced (counter.cc).
#pragma once

#include <cstddef>

namespace globes {

/// Calls of operator new by this thread since it began.
std::size_t allocations();

/// Makes `length` calls of operator new by this thread throw std::bad_alloc, from call `number` on: 1 is the next call;
/// 0 revokes it.
void fail_allocations(std::size_t number, std::size_t length = 1);
/// Whether the first of these calls is still to come.
bool will_allocation_fail();

/// How many of them `act` makes.
template <class Act>
std::size_t allocations_of(Act act) {
    const std::size_t before = allocations();
    act();
    return allocations() - before;
}

}  // namespace globes
