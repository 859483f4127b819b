using System.Buffers.Binary;
using System.Numerics;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Admission;

/// <summary>
/// Decides whether a datagram is worth reading, by its source address alone (the port is free to choose, and so is an IPv6
/// host's part of its address). A table of sets of 8 places, found by a keyed hash: memory and work are bounded
/// whatever is spoofed. A source that proved its address gives way only to others that did, or after a long silence.
/// </summary>
internal sealed class SourceLimiter
{
    private const int Ways = 8;

    private readonly SourceLimits _limits;
    private readonly TimeSpan _keepUnproven;
    private readonly ulong _key;
    private readonly ulong _multiplier;
    private Place[] _places = [];
    private TokenBucket _shared;

    /// <param name="limits">Rates and sizes.</param>
    /// <param name="entropy">Gives the hash its key, so that nobody can aim at one set of the table.</param>
    public SourceLimiter(SourceLimits limits, EntropySource entropy)
    {
        if (limits.MaxSources < Ways || !BitOperations.IsPow2(limits.MaxSources))
        {
            throw new ArgumentException($"Not a power of two of {Ways} or more: {limits.MaxSources} sources.", nameof(limits));
        }

        _limits = limits;
        // A place must not be given away before its bucket is full again: it would come back with a fresh burst.
        _keepUnproven = limits.KeepUnproven > limits.PerSource.RefillTime ? limits.KeepUnproven : limits.PerSource.RefillTime;
        _key = entropy.NextUInt64();
        _multiplier = entropy.NextUInt64() | 1;
    }

    /// <summary>How many sources there is room for at present; grows to <see cref="SourceLimits.MaxSources"/> and stays there.</summary>
    public int Capacity => _places.Length;

    /// <summary>Whether a datagram from this source is let in.</summary>
    /// <param name="source">Where it came from.</param>
    /// <param name="now">When.</param>
    /// <param name="cost">What it counts for, in datagrams.</param>
    public bool Admit(NodeEndpoint source, Instant now, int cost = 1)
    {
        if (_limits.ExemptLoopback && source.IsLoopback)
        {
            return true;
        }

        ulong address = AddressOf(source);
        int index = Find(address);
        if (index < 0)
        {
            index = FindRoom(address, now);
            if (index < 0)
            {
                return _shared.TryTake(_limits.Shared, now, cost);
            }

            _places[index] = new Place { Address = address, State = PlaceState.Unproven };
        }

        return _places[index].Bucket.TryTake(_limits.PerSource, now, cost);
    }

    /// <summary>
    /// The source showed that it receives at its address (a valid cookie, or the answer to a request of ours), which a
    /// spoofed one can't: from now on its place is safe from them.
    /// </summary>
    public void Confirm(NodeEndpoint source, Instant now)
    {
        if (_limits.ExemptLoopback && source.IsLoopback)
        {
            return;
        }

        ulong address = AddressOf(source);
        int index = Find(address);
        if (index < 0)
        {
            index = FindRoom(address, now);
            if (index < 0)
            {
                index = LeastWorthKeeping(address);
            }

            _places[index] = new Place { Address = address };
            // Costs nothing, but notes the time.
            _places[index].Bucket.TryTake(_limits.PerSource, now, cost: 0);
        }

        _places[index].State = PlaceState.Proven;
    }

    /// <summary>IPv4: the address. IPv6: its /64, all of which one host may use.</summary>
    private static ulong AddressOf(NodeEndpoint source)
    {
        Span<byte> bytes = stackalloc byte[16];
        source.WriteIPv6Address(bytes);
        return BinaryPrimitives.ReadUInt64BigEndian(source.IsIPv4 ? bytes[8..] : bytes);
    }

    private int FirstOfSet(ulong address, int places)
    {
        ulong mixed = (address ^ _key) * _multiplier;
        mixed = (mixed ^ mixed >> 32) * _multiplier;
        return ((int)(mixed >> 40) & (places / Ways - 1)) * Ways;
    }

    private int Find(ulong address)
    {
        if (_places.Length == 0)
        {
            return -1;
        }

        int first = FirstOfSet(address, _places.Length);
        for (int i = first; i < first + Ways; i++)
        {
            if (_places[i].State != PlaceState.Empty && _places[i].Address == address)
            {
                return i;
            }
        }

        return -1;
    }

    /// <summary>An empty place of the address's set, or one whose source was silent long enough; grows the table when there is none.</summary>
    private int FindRoom(ulong address, Instant now)
    {
        while (true)
        {
            if (_places.Length > 0)
            {
                int first = FirstOfSet(address, _places.Length);
                for (int i = first; i < first + Ways; i++)
                {
                    if (IsForgettable(in _places[i], now))
                    {
                        return i;
                    }
                }
            }

            if (_places.Length >= _limits.MaxSources)
            {
                return -1;
            }

            Grow();
        }
    }

    private bool IsForgettable(in Place place, Instant now) => place.State switch
    {
        PlaceState.Empty => true,
        PlaceState.Unproven => now - place.Bucket.LastAsked >= _keepUnproven,
        _ => now - place.Bucket.LastAsked >= _limits.KeepProven,
    };

    private int LeastWorthKeeping(ulong address)
    {
        int first = FirstOfSet(address, _places.Length);
        int least = first;
        for (int i = first + 1; i < first + Ways; i++)
        {
            ref Place candidate = ref _places[i];
            ref Place best = ref _places[least];
            if (candidate.State < best.State
                || (candidate.State == best.State && candidate.Bucket.LastAsked < best.Bucket.LastAsked))
            {
                least = i;
            }
        }

        return least;
    }

    /// <summary>Doubles the table. Each set is split in two, so everybody finds room again.</summary>
    private void Grow()
    {
        Place[] old = _places;
        _places = new Place[old.Length == 0 ? Ways : old.Length * 2];
        foreach (ref Place place in old.AsSpan())
        {
            if (place.State == PlaceState.Empty)
            {
                continue;
            }

            int index = FirstOfSet(place.Address, _places.Length);
            while (_places[index].State != PlaceState.Empty)
            {
                index++;
            }

            _places[index] = place;
        }
    }

    // In order of worth: the numbers are compared.
    private enum PlaceState : byte
    {
        Empty,
        Unproven,
        Proven,
    }

    private struct Place
    {
        public ulong Address;
        public TokenBucket Bucket;
        public PlaceState State;
    }
}
