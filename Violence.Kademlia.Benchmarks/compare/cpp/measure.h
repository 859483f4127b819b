// One measured phase: its operations, their latencies, and what the process and the loopback interface spent meanwhile.
#pragma once
#include "phases.h"

namespace compare {

struct Line {
    std::string metric;
    int nodes = 0;
    int ok = 0;
    int total = 0;
    double p50 = 0, p95 = 0, p99 = 0, max = 0, mean = 0;
    double cpuMsPerOp = 0, datagramsPerOp = 0, opsPerS = 0;
    std::string more;

    void print() const;
};

/// An operation has a moment at which it gives up; false when it failed.
using Operation = std::function<bool(int index, Clock::time_point limit)>;

Line measure(const std::string &metric, int nodes, int total, const Operation &operation, int inFlight = 1,
    const std::function<void()> &cleanUp = [] {});

/// Looks every millisecond.
bool until(const std::function<bool()> &condition, Clock::time_point limit);

long residentKilobytes();

}
