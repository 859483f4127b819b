using System.Buffers.Binary;
using System.Numerics;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Admission;

/// <summary>
/// Decides whether a datagram is worth reading, by its source address alone (the port is free to choose, and so is an IPv6
/// host's part of its address). A table of sets of 8 places; a keyed hash gives each address two sets to stand in, so
/// that the table grows when it is two thirds full and not sooner. Memory and work are bounded whatever is spoofed. A source
/// that proved its address gives way only to others that did, or after a long silence.
/// </summary>
internal sealed class SourceLimiter
{
    private const int Ways = 8;
    private const int None = -1;

    private readonly SourceLimits _limits;
    private readonly long _ticksPerDatagram;
    private readonly ulong _key;
    private readonly ulong _multiplier;
    private Place[] _places = [];
    private TokenBucket _shared;

    // Where the source stood that was looked for last: one datagram asks twice.
    private int _lastFound;

    /// <param name="limits">Rates and sizes.</param>
    /// <param name="entropy">Gives the hash its key, so that nobody can aim at one set of the table.</param>
    public SourceLimiter(SourceLimits limits, EntropySource entropy)
    {
        if (limits.MaxSources < Ways || !BitOperations.IsPow2(limits.MaxSources))
        {
            throw new ArgumentException($"Not a power of two of {Ways} or more: {limits.MaxSources} sources.", nameof(limits));
        }

        _limits = limits;
        _ticksPerDatagram = (TimeSpan.TicksPerSecond + limits.PerSource.PerSecond - 1) / limits.PerSource.PerSecond;
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
        if (index == None)
        {
            index = FindRoom(address, now);
            if (index == None)
            {
                return _shared.TryTake(_limits.Shared, now, cost);
            }

            _places[index] = new Place(address, PlaceState.Unproven, now);
        }

        ref Place place = ref _places[index];
        long full = Math.Max(place.FullAt, now.Ticks) + cost * _ticksPerDatagram;
        if (full - now.Ticks > _limits.PerSource.Burst * _ticksPerDatagram)
        {
            return false;
        }

        place.FullAt = full;
        return true;
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
        if (index == None)
        {
            index = FindRoom(address, now);
            if (index == None)
            {
                index = LeastWorthKeeping(address);
            }

            _places[index] = new Place(address, PlaceState.Proven, now);
        }
        else if (_places[index].State != PlaceState.Proven)
        {
            _places[index].State = PlaceState.Proven;
        }
    }

    /// <summary>IPv4: the address. IPv6: its /64, all of which one host may use.</summary>
    private static ulong AddressOf(NodeEndpoint source)
    {
        Span<byte> bytes = stackalloc byte[16];
        source.WriteIPv6Address(bytes);
        return BinaryPrimitives.ReadUInt64BigEndian(source.IsIPv4 ? bytes[8..] : bytes);
    }

    /// <summary>Where the two sets of an address begin; they may be one.</summary>
    private (int First, int Second) SetsOf(ulong address, int places)
    {
        ulong mixed = (address ^ _key) * _multiplier;
        mixed = (mixed ^ mixed >> 32) * _multiplier;
        int mask = places / Ways - 1;
        return (((int)(mixed >> 40) & mask) * Ways, ((int)((mixed ^ mixed >> 32) >> 8) & mask) * Ways);
    }

    private int Find(ulong address)
    {
        if (_places.Length == 0)
        {
            return None;
        }

        ref Place last = ref _places[_lastFound];
        if (last.Address == address && last.State != PlaceState.Empty)
        {
            return _lastFound;
        }

        (int first, int second) = SetsOf(address, _places.Length);
        int index = FindIn(first, address);
        index = index != None ? index : FindIn(second, address);
        _lastFound = index != None ? index : _lastFound;
        return index;
    }

    private int FindIn(int set, ulong address)
    {
        ReadOnlySpan<Place> places = _places.AsSpan(set, Ways);
        for (int i = 0; i < places.Length; i++)
        {
            if (places[i].Address == address && places[i].State != PlaceState.Empty)
            {
                return set + i;
            }
        }

        return None;
    }

    /// <summary>
    /// An empty place of the address's sets, of the one that has more of them; or one whose source was silent long enough; grows
    /// the table when there is neither.
    /// </summary>
    private int FindRoom(ulong address, Instant now)
    {
        while (true)
        {
            if (_places.Length > 0)
            {
                (int first, int second) = SetsOf(address, _places.Length);
                int room = Emptier(first, second);
                room = room != None ? room : Forgettable(first, now);
                room = room != None ? room : Forgettable(second, now);
                if (room != None)
                {
                    return room;
                }
            }

            if (_places.Length >= _limits.MaxSources)
            {
                return None;
            }

            Grow();
        }
    }

    private int Emptier(int first, int second)
    {
        int inFirst = Taken(first);
        int inSecond = Taken(second);
        int least = Math.Min(inFirst, inSecond);
        return least == Ways ? None : inFirst <= inSecond ? first + inFirst : second + inSecond;
    }

    /// <summary>How many places of a set are taken: those in front, for none is ever emptied.</summary>
    private int Taken(int set)
    {
        int taken = 0;
        while (taken < Ways && _places[set + taken].State != PlaceState.Empty)
        {
            taken++;
        }

        return taken;
    }

    private int Forgettable(int set, Instant now)
    {
        for (int i = set; i < set + Ways; i++)
        {
            if (IsForgettable(_places[i], now))
            {
                return i;
            }
        }

        return None;
    }

    /// <summary>
    /// A place is not given away before its bucket is full again: it would come back with a fresh burst. Its last datagram came
    /// at least one datagram's time before that.
    /// </summary>
    private bool IsForgettable(in Place place, Instant now)
    {
        long pause = now.Ticks - place.FullAt;
        return place.State == PlaceState.Unproven
            ? pause >= 0 && pause + _ticksPerDatagram >= _limits.KeepUnproven.Ticks
            : pause >= _limits.KeepProven.Ticks;
    }

    private int LeastWorthKeeping(ulong address)
    {
        (int first, int second) = SetsOf(address, _places.Length);
        int least = first;
        for (int i = 1; i < 2 * Ways; i++)
        {
            int index = i < Ways ? first + i : second + i - Ways;
            ref Place candidate = ref _places[index];
            ref Place best = ref _places[least];
            if (candidate.State < best.State || (candidate.State == best.State && candidate.FullAt < best.FullAt))
            {
                least = index;
            }
        }

        return least;
    }

    /// <summary>Doubles the table. Each set is split in two, so everybody finds room again.</summary>
    private void Grow()
    {
        Place[] old = _places;
        _places = new Place[old.Length == 0 ? Ways : old.Length * 2];
        for (int i = 0; i < old.Length; i++)
        {
            Place place = old[i];
            if (place.State == PlaceState.Empty)
            {
                continue;
            }

            // Whoever stood in its second set stays in its second, else two sets might meet in one.
            bool isInFirst = SetsOf(place.Address, old.Length).First == i / Ways * Ways;
            (int first, int second) = SetsOf(place.Address, _places.Length);
            int set = isInFirst ? first : second;
            _places[set + Taken(set)] = place;
        }
    }

    // In order of worth: the numbers are compared.
    private enum PlaceState : byte
    {
        Empty,
        Unproven,
        Proven,
    }

    /// <summary>
    /// A source and its token bucket in 16 bytes: all there is to know of a bucket is when it will be full again. The state is in
    /// the two lowest bits.
    /// </summary>
    private struct Place(ulong address, PlaceState state, Instant now)
    {
        private const int StateBits = 2;
        private const long StateMask = (1 << StateBits) - 1;

        private long _fullAtAndState = now.Ticks << StateBits | (long)state;

        public ulong Address { get; } = address;

        /// <summary>In ticks. Also the time of the source's last datagram, give or take the time it takes to fill the bucket.</summary>
        public long FullAt
        {
            readonly get => _fullAtAndState >> StateBits;
            set => _fullAtAndState = value << StateBits | (_fullAtAndState & StateMask);
        }

        public PlaceState State
        {
            readonly get => (PlaceState)(_fullAtAndState & StateMask);
            set => _fullAtAndState = (_fullAtAndState & ~StateMask) | (long)value;
        }
    }
}
