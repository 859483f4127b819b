#include "waiting.h"

#include <condition_variable>
#include <libtorrent/alert_types.hpp>
#include <libtorrent/bencode.hpp>
#include <libtorrent/disabled_disk_io.hpp>
#include <libtorrent/session.hpp>
#include <libtorrent/session_params.hpp>
#include <map>
#include <mutex>
#include <thread>

namespace {

using compare::Address;
using compare::Clock;
using compare::Waiting;

using Answer = std::shared_ptr<Waiting<bool>>;

constexpr int Plenty = 1 << 24;

lt::session_params parameters(const Address &address, const Address *door)
{
    lt::session_params params;
    auto &settings = params.settings;
    settings.set_str(lt::settings_pack::listen_interfaces, address.host + ":" + std::to_string(address.port));
    settings.set_str(lt::settings_pack::dht_bootstrap_nodes, "");

    // Started later: a DHT that starts before its socket is open forgets through whom it was to join.
    settings.set_bool(lt::settings_pack::enable_dht, false);
    settings.set_bool(lt::settings_pack::enable_lsd, false);
    settings.set_bool(lt::settings_pack::enable_upnp, false);
    settings.set_bool(lt::settings_pack::enable_natpmp, false);
    settings.set_int(lt::settings_pack::alert_mask, lt::alert_category::dht | lt::alert_category::status);

    // All nodes are on one machine: rules against many in one network, and limits per address and second, would measure themselves.
    settings.set_bool(lt::settings_pack::dht_restrict_routing_ips, false);
    settings.set_bool(lt::settings_pack::dht_restrict_search_ips, false);
    settings.set_bool(lt::settings_pack::dht_prefer_verified_node_ids, false);
    settings.set_bool(lt::settings_pack::dht_ignore_dark_internet, false);
    settings.set_int(lt::settings_pack::dht_block_ratelimit, Plenty);
    settings.set_int(lt::settings_pack::dht_upload_rate_limit, Plenty);

    // Only the DHT is measured.
    params.disk_io_constructor = lt::disabled_disk_io_constructor;
    if (door != nullptr) {
        params.dht_state.nodes.emplace_back(lt::make_address(door->host), door->port);
    }
    return params;
}

class LibtorrentNode final : public compare::Node {
public:
    LibtorrentNode(const Address &address, const Address *door) : session_(std::make_unique<lt::session>(parameters(address, door)))
    {
        session_->set_alert_notify([this] {
            std::lock_guard lock(wake_);
            hasAlerts_ = true;
            woken_.notify_one();
        });
        reader_ = std::thread([this] { read(); });
        isListening_.wait(Clock::now() + std::chrono::seconds(5), false);
        lt::settings_pack on;
        on.set_bool(lt::settings_pack::enable_dht, true);
        session_->apply_settings(on);
    }

    ~LibtorrentNode() override
    {
        beginStop();
        stop();
    }

    int knows() override
    {
        // It tells later: what it told last counts.
        session_->post_dht_stats();
        return known_;
    }

    std::optional<std::string> put(const std::string &value, Clock::time_point limit) override
    {
        std::lock_guard one(putting_);
        const lt::entry item(value);
        std::vector<char> encoded;
        lt::bencode(std::back_inserter(encoded), item);
        auto answer = std::make_shared<Waiting<bool>>();
        {
            std::lock_guard lock(mutex_);
            put_ = answer;
        }
        const auto key = session_->dht_put_item(item);
        return answer->wait(limit, false) ? std::optional(key.to_string()) : std::nullopt;
    }

    bool get(const std::string &key, Clock::time_point limit) override
    {
        // One that knows nobody yet says at once that there is nothing; a caller has to wait.
        while (known_ == 0 && knows() == 0 && Clock::now() < limit) {
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
        auto answer = std::make_shared<Waiting<bool>>();
        const lt::sha1_hash target(key.data());
        {
            std::lock_guard lock(mutex_);
            gets_.emplace(target, answer);
        }
        session_->dht_get_item(target);
        return answer->wait(limit, false);
    }

    /// It does not tell what it holds. It asks the network even for what it holds itself, so nothing is gained by holding.
    bool holds(const std::string &) override { return false; }

    void beginStop() override
    {
        if (session_) {
            session_->set_alert_notify([] {});
            stopping_.emplace(session_->abort());
        }
    }

    void stop() override
    {
        {
            std::lock_guard lock(wake_);
            isStopped_ = true;
            woken_.notify_one();
        }
        if (reader_.joinable()) {
            reader_.join();
        }
        session_.reset();

        // Its destructor waits for the session's thread; assigning to it does not.
        stopping_.reset();
    }

private:
    void read()
    {
        std::unique_lock lock(wake_);
        while (true) {
            woken_.wait(lock, [this] { return hasAlerts_ || isStopped_; });
            if (isStopped_) {
                return;
            }
            hasAlerts_ = false;
            lock.unlock();
            std::vector<lt::alert *> alerts;
            session_->pop_alerts(&alerts);
            for (auto *alert : alerts) {
                take(alert);
            }
            lock.lock();
        }
    }

    void take(lt::alert *alert)
    {
        if (auto *got = lt::alert_cast<lt::dht_immutable_item_alert>(alert)) {
            std::lock_guard lock(mutex_);
            if (auto found = gets_.find(got->target); found != gets_.end()) {
                found->second->tell(got->item.type() == lt::entry::string_t);
                gets_.erase(found);
            }
        } else if (auto *stored = lt::alert_cast<lt::dht_put_alert>(alert)) {
            std::lock_guard lock(mutex_);
            if (put_) {
                put_->tell(stored->num_success > 0);
                put_.reset();
            }
        } else if (auto *listening = lt::alert_cast<lt::listen_succeeded_alert>(alert)) {
            if (listening->socket_type == lt::socket_type_t::utp) {
                isListening_.tell(true);
            }
        } else if (auto *stats = lt::alert_cast<lt::dht_stats_alert>(alert)) {
            int known = 0;
            for (const auto &bucket : stats->routing_table) {
                known += bucket.num_nodes;
            }
            known_ = known;
        }
    }

    std::unique_ptr<lt::session> session_;
    std::optional<lt::session_proxy> stopping_;
    std::thread reader_;
    std::mutex wake_;
    std::condition_variable woken_;
    bool hasAlerts_ = false;
    bool isStopped_ = false;
    std::mutex putting_;
    std::mutex mutex_;
    std::multimap<lt::sha1_hash, Answer> gets_;
    Answer put_;
    Waiting<bool> isListening_;
    std::atomic<int> known_{0};
};

}

int main(int count, char **arguments)
{
    return compare::play(count, arguments, [](const Address &address, const Address *door) { return std::make_unique<LibtorrentNode>(address, door); });
}
