// Plays the phases of the loopback harness on a network of another program, as js/run.mjs does.
#pragma once
#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace compare {

using Clock = std::chrono::steady_clock;

struct Address {
    std::string host;
    unsigned short port;
};

/// A node of the program that is measured. Calls wait for their answer and may come from several threads.
class Node {
public:
    virtual ~Node() = default;
    virtual int knows() = 0;

    /// The key it is found under; nothing when nobody acknowledged it.
    virtual std::optional<std::string> put(const std::string &value, Clock::time_point limit) = 0;
    virtual bool get(const std::string &key, Clock::time_point limit) = 0;
    virtual bool holds(const std::string &key) = 0;

    /// Gone without a word. Asked to begin first, so that many can be stopped together.
    virtual void beginStop() = 0;
    virtual void stop() = 0;
};

/// Starts a node that joins through the door, if there is one.
using Start = std::function<std::unique_ptr<Node>(const Address &address, const Address *door)>;

/// The program's arguments are: nodes, puts, gets, value size, fresh nodes, seconds of rest.
int play(int count, char **arguments, const Start &start);

}
