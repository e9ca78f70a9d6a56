#include "net/timer_wheel.h"

#include <algorithm>

namespace globes::net {

TimerWheel::Head::Head() {
    // An empty ring: both neighbours are the head itself.
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
    link(timer);
}

void TimerWheel::link(Timer& timer) {
    // What is due beyond one turn waits in its slot and is passed over until its turn has come.
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
        Head later;  // collects what stays in this slot, so that the loop ends even if timers arm themselves
        Timer& head = slots_[now_ % kSlots];
        while (head.next_ != &head) {
            Timer& timer = *head.next_;
            timer.unlink();
            if (timer.due_ == now_) {
                timer.on_timer(now_);
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
