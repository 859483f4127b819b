using System.Net;

namespace Violence.Kademlia.Federation.Pings;

/// <summary>
/// The last measurement of every address, under way or done: an address is measured at most once in <see cref="Lifetime"/>,
/// whatever rows and names lead to it. Not safe for threads: its owner locks.
/// </summary>
internal sealed class PingCache
{
    public const int MaxAddresses = 1_024;

    public static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(30);

    private readonly Dictionary<IPAddress, (TimeSpan At, Lazy<Task<PingResult>> Measuring)> _byAddress = [];

    // In the order they were begun, which is the order they end to count; those forgotten before still take up room.
    private readonly Queue<(TimeSpan At, IPAddress Address)> _begun = new();

    public int Count => _byAddress.Count;

    /// <summary>
    /// The measurement of an address: the last one, or a new one that begins when its value is first asked for, outside the
    /// owner's lock. Null when there is no room for another.
    /// </summary>
    public Lazy<Task<PingResult>>? GetOrAdd(IPAddress address, TimeSpan now, Func<Task<PingResult>> begin)
    {
        while (_begun.TryPeek(out (TimeSpan At, IPAddress Address) oldest) && now - oldest.At >= Lifetime)
        {
            _begun.Dequeue();
            if (_byAddress.TryGetValue(oldest.Address, out (TimeSpan At, Lazy<Task<PingResult>> Measuring) last) && last.At == oldest.At)
            {
                _byAddress.Remove(oldest.Address);
            }
        }

        if (_byAddress.TryGetValue(address, out (TimeSpan At, Lazy<Task<PingResult>> Measuring) known))
        {
            return known.Measuring;
        }

        if (_begun.Count >= MaxAddresses)
        {
            return null;
        }

        var measuring = new Lazy<Task<PingResult>>(begin);
        _byAddress.Add(address, (now, measuring));
        _begun.Enqueue((now, address));
        return measuring;
    }

    /// <summary>Lets the address be measured anew: nothing was sent to it.</summary>
    public void Forget(IPAddress address) => _byAddress.Remove(address);
}
