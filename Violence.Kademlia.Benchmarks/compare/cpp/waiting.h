// Lets a thread wait for what a program tells in a callback of its own.
#pragma once
#include "phases.h"

#include <future>

namespace compare {

/// The first answer counts; a callback may come later than anybody waits, so both sides share it.
template <typename T>
class Waiting {
public:
    void tell(T value)
    {
        if (!isTold_.exchange(true)) {
            promise_.set_value(std::move(value));
        }
    }

    T wait(Clock::time_point limit, T otherwise)
    {
        auto future = promise_.get_future();
        return future.wait_until(limit) == std::future_status::ready ? future.get() : otherwise;
    }

private:
    std::promise<T> promise_;
    std::atomic<bool> isTold_{false};
};

}
