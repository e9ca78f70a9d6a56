#include "net/timer_wheel.h"

#include <algorithm>
#include <cassert>

#include "base/task_boundary.h"

namespace globes::net {

TimerWheel::Head::Head() {
    // An empty list: both neighbors are the head itself.
    previous_ = this;
    next_ = this;
}

void TimerWheel::Timer::unlink() {
    if (next_ == nullptr) return;
    previous_->next_ = next_;
    next_->previous_ = previous_;
    previous_ = nullptr;
    next_ = nullptr;
}

TimerWheel::TimerWheel() = default;

void TimerWheel::arm(Timer& timer, Tick due) {
    GLOBES_ASSERT_ON(thread_);
    timer.unlink();
    timer.due_ = std::max(due, now_ + 1);
    assert(timer.due_ > now_);
    link(timer);
}

void TimerWheel::link(Timer& timer) {
    assert(timer.previous_ == nullptr && timer.next_ == nullptr);
    // A timer that is due in more than one revolution stays in its slot until its own tick.
    Timer& head = slots_[timer.due_ % kSlots];
    timer.previous_ = head.previous_;
    timer.next_ = &head;
    head.previous_->next_ = &timer;
    head.previous_ = &timer;
}

void TimerWheel::advance(Tick now) {
    GLOBES_ASSERT_ON(thread_);
    while (now_ != now) {
        ++now_;
        Head later;  // the timers that stay; moved, so that the loop ends even if timers arm themselves
        Timer& head = slots_[now_ % kSlots];
        while (head.next_ != &head) {
            Timer& timer = *head.next_;
            timer.unlink();
            assert(timer.due_ >= now_ && timer.due_ % kSlots == now_ % kSlots);
            if (timer.due_ == now_) {
                // An exception of one timer must not prevent the calls of the others in this slot.
                run_task(TaskThread::io, [&] { timer.on_timer(now_); });
            } else {
                timer.previous_ = later.previous_;
                timer.next_ = &later;
                later.previous_->next_ = &timer;
                later.previous_ = &timer;
            }
        }
        while (later.next_ != &later) {
            Timer& timer = *later.next_;
            timer.unlink();
            link(timer);
        }
    }
}

}  // namespace globes::net
