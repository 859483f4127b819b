#include "waiting.h"

#include <opendht.h>

namespace {

using compare::Address;
using compare::Clock;
using compare::Waiting;

/// It takes a loopback address that it is told of for the teller's own, so all share one and differ by their ports.
constexpr const char *Host = "127.0.0.1";

class OpenDhtNode final : public compare::Node {
public:
    OpenDhtNode(const Address &address, const Address *door)
    {
        dht::DhtRunner::Config config;

        // Nodes of one machine ask each other more often than strangers do.
        config.dht_config.node_config.max_req_per_sec = -1;
        config.dht_config.node_config.max_peer_req_per_sec = -1;
        dht_.run(Host, "", std::to_string(address.port).c_str(), config);
        if (door != nullptr) {
            dht::SockAddr at;
            at.setFamily(AF_INET);
            at.setAddress(Host);
            at.setPort(door->port);
            dht_.bootstrap(at);
        }
    }

    int knows() override { return static_cast<int>(dht_.getNodesStats(AF_INET).getKnownNodes()); }

    std::optional<std::string> put(const std::string &value, Clock::time_point limit) override
    {
        const auto key = dht::InfoHash::getRandom();
        auto waiting = std::make_shared<Waiting<bool>>();
        dht_.put(key, dht::Value(reinterpret_cast<const uint8_t *>(value.data()), value.size()),
            [waiting](bool isStored, const std::vector<std::shared_ptr<dht::Node>> &) { waiting->tell(isStored); });
        return waiting->wait(limit, false) ? std::optional(key.toString()) : std::nullopt;
    }

    bool get(const std::string &key, Clock::time_point limit) override
    {
        auto waiting = std::make_shared<Waiting<bool>>();
        dht_.get(
            dht::InfoHash(key),
            [waiting](const std::vector<std::shared_ptr<dht::Value>> &values) {
                if (!values.empty()) {
                    waiting->tell(true);
                }
                return values.empty();
            },
            [waiting](bool, const std::vector<std::shared_ptr<dht::Node>> &) { waiting->tell(false); });
        return waiting->wait(limit, false);
    }

    bool holds(const std::string &key) override
    {
        // Only asked between phases, and nothing is put meanwhile: what it exports once is right for a while.
        if (Clock::now() - listed_ > std::chrono::seconds(2)) {
            held_.clear();
            for (const auto &[held, values] : dht_.exportValues()) {
                held_.push_back(held.toString());
            }
            listed_ = Clock::now();
        }
        return std::find(held_.begin(), held_.end(), key) != held_.end();
    }

    void beginStop() override {}

    void stop() override { dht_.join(); }

private:
    dht::DhtRunner dht_;
    std::vector<std::string> held_;
    Clock::time_point listed_{};
};

}

int main(int count, char **arguments)
{
    return compare::play(count, arguments, [](const Address &address, const Address *door) { return std::make_unique<OpenDhtNode>(address, door); });
}
