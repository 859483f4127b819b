#include "measure.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <thread>

namespace compare {

namespace {

using std::chrono::milliseconds;

struct Options {
    int nodes, puts, gets, size, fresh, settle;
};

struct Member {
    Address address;
    std::unique_ptr<Node> node;
};

struct Record {
    const Node *publisher;
    std::string key;
};

class Run {
public:
    Run(Options options, const Start &start) : options_(options), start_(start) {}

    void play()
    {
        grow();
        put();
        if (records_.empty()) {
            return;
        }
        std::this_thread::sleep_for(milliseconds(250));
        get("warm-up", 50);
        get("get_first", options_.gets).print();
        get("get_32_in_flight", std::max(options_.gets, 2000), 32).print();
        fresh();
        vanish();
        get("get_after_25pct_vanish", 40).print();
    }

private:
    int size() const { return static_cast<int>(network_.size()); }

    int below(size_t count) { return std::uniform_int_distribution<int>(0, static_cast<int>(count) - 1)(random_); }

    Member join()
    {
        const int index = addresses_++;
        Address address{"127.1." + std::to_string(index / 250) + "." + std::to_string(1 + index % 250), static_cast<unsigned short>(20000 + index)};
        const Address *door = network_.empty() ? nullptr : &network_[below(network_.size())].address;
        auto node = start_(address, door);
        return {address, std::move(node)};
    }

    /// Each joins through a random earlier one; the next starts when this one knows others, at the latest after a while.
    void grow()
    {
        const long cold = residentKilobytes();
        Line line = measure("network", options_.nodes, options_.nodes, [&](int i, Clock::time_point) {
            network_.push_back(join());
            until([&] { return network_.back().node->knows() >= std::min(8, i); }, Clock::now() + milliseconds(50));
            return true;
        });
        const bool all = until(
            [&] {
                return std::all_of(network_.begin(), network_.end(), [&](const Member &m) { return m.node->knows() >= std::min(8, options_.nodes - 1); });
            },
            Clock::now() + std::chrono::seconds(60));
        std::this_thread::sleep_for(std::chrono::seconds(options_.settle));
        // There is no warm-up: since the program began and since it was warm are the same.
        const double perNode = static_cast<double>(residentKilobytes() - cold) / options_.nodes;
        char more[120];
        std::snprintf(more, sizeof more, ",\"all_know_8\":%s,\"rss_kb_per_node\":%.1f,\"rss_cold_kb_per_node\":%.1f", all ? "true" : "false", perNode, perNode);
        line.more = more;
        line.print();
    }

    void put()
    {
        std::vector<std::pair<Node *, std::string>> puts;
        for (int i = 0; i < options_.puts; i++) {
            std::string value(options_.size, ' ');
            std::generate(value.begin(), value.end(), [&] { return static_cast<char>(below(256)); });
            puts.emplace_back(network_[below(network_.size())].node.get(), std::move(value));
        }
        measure("put", size(), options_.puts, [&](int i, Clock::time_point limit) {
            const auto key = puts[i].first->put(puts[i].second, limit);
            if (key) {
                records_.push_back({puts[i].first, *key});
            }
            return key.has_value();
        }).print();
    }

    Line get(const std::string &metric, int total, int inFlight = 1)
    {
        std::vector<std::pair<Node *, std::string>> gets;
        for (int i = 0; i < total; i++) {
            const Record &record = records_[below(records_.size())];
            std::vector<Node *> strangers;
            for (const auto &member : network_) {
                if (member.node.get() != record.publisher && !holds(*member.node, record.key)) {
                    strangers.push_back(member.node.get());
                }
            }
            gets.emplace_back(strangers.empty() ? network_[below(network_.size())].node.get() : strangers[below(strangers.size())], record.key);
        }
        return measure(metric, size(), total, [&](int i, Clock::time_point limit) { return gets[i].first->get(gets[i].second, limit); }, inFlight);
    }

    static bool holds(Node &node, const std::string &key) { return node.holds(key); }

    void fresh()
    {
        Member newcomer;
        const auto cleanUp = [&] {
            newcomer.node->beginStop();
            newcomer.node->stop();
        };
        measure("join_know_3", size(), options_.fresh, [&](int, Clock::time_point limit) {
            newcomer = join();
            return until([&] { return newcomer.node->knows() >= 3; }, limit);
        }, 1, cleanUp).print();
        measure("fresh_node_first_get", size(), options_.fresh, [&](int, Clock::time_point limit) {
            newcomer = join();
            return newcomer.node->get(records_[below(records_.size())].key, limit);
        }, 1, cleanUp).print();
    }

    void vanish()
    {
        const int gone = size() / 4;
        std::shuffle(network_.begin(), network_.end(), random_);
        for (int i = 0; i < gone; i++) {
            network_[i].node->beginStop();
        }
        for (int i = 0; i < gone; i++) {
            network_[i].node->stop();
        }
        network_.erase(network_.begin(), network_.begin() + gone);
    }

    Options options_;
    const Start &start_;
    std::mt19937 random_{std::random_device{}()};
    std::vector<Member> network_;
    std::vector<Record> records_;
    int addresses_ = 0;
};

}

int play(int count, char **arguments, const Start &start)
{
    if (count != 7) {
        std::fprintf(stderr, "usage: %s NODES PUTS GETS SIZE FRESH SETTLE\n", arguments[0]);
        return 2;
    }
    int n[6];
    for (int i = 0; i < 6; i++) {
        n[i] = std::atoi(arguments[i + 1]);
    }
    auto *run = new Run({n[0], n[1], n[2], n[3], n[4], n[5]}, start);
    run->play();

    // Stopping a hundred nodes in order would measure nothing.
    std::fflush(stdout);
    std::_Exit(0);
}

}
