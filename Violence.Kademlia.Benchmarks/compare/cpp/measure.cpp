#include "measure.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <mutex>
#include <numeric>
#include <sstream>
#include <sys/resource.h>
#include <thread>
#include <unistd.h>

namespace compare {

namespace {

/// What has not begun by then is not counted at all: some operations take seconds.
constexpr auto PhaseLimit = std::chrono::seconds(40);
constexpr auto OperationLimit = std::chrono::seconds(10);

/// Datagrams sent in this network namespace.
long datagramsSent()
{
    std::ifstream file("/proc/net/snmp");
    std::vector<std::string> names;
    for (std::string line; std::getline(file, line);) {
        if (line.rfind("Udp:", 0) != 0) {
            continue;
        }
        std::istringstream words(line);
        std::vector<std::string> row;
        for (std::string word; words >> word;) {
            row.push_back(word);
        }
        if (names.empty()) {
            names = row;
        } else {
            return std::stol(row[std::find(names.begin(), names.end(), "OutDatagrams") - names.begin()]);
        }
    }
    return 0;
}

double cpuMs()
{
    rusage use{};
    getrusage(RUSAGE_SELF, &use);
    return (use.ru_utime.tv_sec + use.ru_stime.tv_sec) * 1e3 + (use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1e3;
}

double msSince(Clock::time_point start)
{
    return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

double at(const std::vector<double> &sorted, double share)
{
    return sorted.empty() ? 0 : sorted[std::max(0, static_cast<int>(std::ceil(share * sorted.size())) - 1)];
}

}

void Line::print() const
{
    std::printf("{\"metric\":\"%s\",\"nodes\":%d,\"ok\":%d,\"total\":%d,\"p50\":%.3f,\"p95\":%.3f,\"p99\":%.3f,\"max\":%.3f,\"mean\":%.3f,"
                "\"cpu_ms_per_op\":%.3f,\"datagrams_per_op\":%.2f,\"ops_per_s\":%.1f%s}\n",
        metric.c_str(), nodes, ok, total, p50, p95, p99, max, mean, cpuMsPerOp, datagramsPerOp, opsPerS, more.c_str());
    std::fflush(stdout);
}

Line measure(const std::string &metric, int nodes, int total, const Operation &operation, int inFlight, const std::function<void()> &cleanUp)
{
    std::vector<double> latencies;
    std::mutex mutex;
    std::atomic<int> next{0};
    std::atomic<int> begun{0};
    const double cpu = cpuMs();
    const long datagrams = datagramsSent();
    const auto start = Clock::now();
    const auto work = [&] {
        for (int i = next++; i < total && Clock::now() - start < PhaseLimit; i = next++) {
            begun++;
            const auto began = Clock::now();
            const bool isFine = operation(i, began + OperationLimit);
            const double latency = msSince(began);
            if (isFine) {
                std::lock_guard lock(mutex);
                latencies.push_back(latency);
            }
            cleanUp();
        }
    };
    std::vector<std::thread> others;
    for (int i = 1; i < inFlight; i++) {
        others.emplace_back(work);
    }
    work();
    for (auto &other : others) {
        other.join();
    }

    const double seconds = msSince(start) / 1e3;
    const double spent = cpuMs() - cpu;
    const long sent = datagramsSent() - datagrams;
    std::sort(latencies.begin(), latencies.end());
    Line line;
    line.metric = metric;
    line.nodes = nodes;
    line.ok = static_cast<int>(latencies.size());
    line.total = begun;
    line.p50 = at(latencies, 0.5);
    line.p95 = at(latencies, 0.95);
    line.p99 = at(latencies, 0.99);
    line.max = at(latencies, 1);
    line.mean = std::accumulate(latencies.begin(), latencies.end(), 0.0) / std::max<size_t>(1, latencies.size());
    line.cpuMsPerOp = spent / begun;
    line.datagramsPerOp = static_cast<double>(sent) / begun;
    line.opsPerS = latencies.size() / seconds;
    return line;
}

bool until(const std::function<bool()> &condition, Clock::time_point limit)
{
    while (!condition()) {
        if (Clock::now() > limit) {
            return false;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return true;
}

long residentKilobytes()
{
    std::ifstream file("/proc/self/statm");
    long whole = 0, resident = 0;
    file >> whole >> resident;
    return resident * sysconf(_SC_PAGESIZE) / 1024;
}

}
