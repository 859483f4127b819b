using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.Intrinsics;
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

    // A place is an address and its standing. Addresses lie side by side, so that those of a set are compared at once.
    private ulong[] _addresses = [];
    private Standing[] _standings = [];
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
    public int Capacity => _addresses.Length;

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

            Settle(index, address, new Standing(PlaceState.Unproven, now.Ticks));
        }

        Standing standing = _standings[index];
        long full = Math.Max(standing.FullAt, now.Ticks) + cost * _ticksPerDatagram;
        if (full - now.Ticks > _limits.PerSource.Burst * _ticksPerDatagram)
        {
            return false;
        }

        _standings[index] = new Standing(standing.State, full);
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

            Settle(index, address, new Standing(PlaceState.Proven, now.Ticks));
        }
        else if (_standings[index].State != PlaceState.Proven)
        {
            _standings[index] = new Standing(PlaceState.Proven, _standings[index].FullAt);
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
        if (_addresses.Length == 0)
        {
            return None;
        }

        if (_addresses[_lastFound] == address && _standings[_lastFound].State != PlaceState.Empty)
        {
            return _lastFound;
        }

        (int first, int second) = SetsOf(address, _addresses.Length);
        int index = FindIn(first, address);
        index = index != None ? index : FindIn(second, address);
        _lastFound = index != None ? index : _lastFound;
        return index;
    }

    private int FindIn(int set, ulong address)
    {
        Vector512<ulong> places = Vector512.Create<ulong>(_addresses.AsSpan(set, Ways));
        ulong equal = Vector512.Equals(places, Vector512.Create(address)).ExtractMostSignificantBits();
        if (equal == 0)
        {
            return None;
        }

        // Empty places are behind those that are taken, and hold an address that may be a real one: 0.
        int index = set + BitOperations.TrailingZeroCount(equal);
        return _standings[index].State != PlaceState.Empty ? index : None;
    }

    private void Settle(int index, ulong address, Standing standing)
    {
        _addresses[index] = address;
        _standings[index] = standing;
    }

    /// <summary>
    /// An empty place of the address's sets, of the one that has more of them; or one whose source was silent long enough; grows
    /// the table when there is neither.
    /// </summary>
    private int FindRoom(ulong address, Instant now)
    {
        while (true)
        {
            if (_addresses.Length > 0)
            {
                (int first, int second) = SetsOf(address, _addresses.Length);
                int room = Emptier(first, second);
                room = room != None ? room : Forgettable(first, now);
                room = room != None ? room : Forgettable(second, now);
                if (room != None)
                {
                    return room;
                }
            }

            if (_addresses.Length >= _limits.MaxSources)
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
        while (taken < Ways && _standings[set + taken].State != PlaceState.Empty)
        {
            taken++;
        }

        return taken;
    }

    private int Forgettable(int set, Instant now)
    {
        for (int i = set; i < set + Ways; i++)
        {
            if (IsForgettable(_standings[i], now))
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
    private bool IsForgettable(Standing standing, Instant now)
    {
        long pause = now.Ticks - standing.FullAt;
        return standing.State == PlaceState.Unproven
            ? pause >= 0 && pause + _ticksPerDatagram >= _limits.KeepUnproven.Ticks
            : pause >= _limits.KeepProven.Ticks;
    }

    private int LeastWorthKeeping(ulong address)
    {
        (int first, int second) = SetsOf(address, _addresses.Length);
        int least = first;
        for (int i = 1; i < 2 * Ways; i++)
        {
            int index = i < Ways ? first + i : second + i - Ways;
            Standing candidate = _standings[index];
            Standing best = _standings[least];
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
        ulong[] old = _addresses;
        Standing[] standings = _standings;
        _addresses = new ulong[old.Length == 0 ? Ways : old.Length * 2];
        _standings = new Standing[_addresses.Length];
        for (int i = 0; i < old.Length; i++)
        {
            if (standings[i].State == PlaceState.Empty)
            {
                continue;
            }

            // Whoever stood in its second set stays in its second, else two sets might meet in one.
            bool isInFirst = SetsOf(old[i], old.Length).First == i / Ways * Ways;
            (int first, int second) = SetsOf(old[i], _addresses.Length);
            int set = isInFirst ? first : second;
            Settle(set + Taken(set), old[i], standings[i]);
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
    /// How far a source is to be trusted, and its token bucket, in 8 bytes: all there is to know of a bucket is when it will be full
    /// again. The state is in the two lowest bits.
    /// </summary>
    private readonly struct Standing(PlaceState state, long fullAt)
    {
        private const int StateBits = 2;
        private const long StateMask = (1 << StateBits) - 1;

        private readonly long _fullAtAndState = fullAt << StateBits | (long)state;

        /// <summary>In ticks. Also the time of the source's last datagram, give or take the time it takes to fill the bucket.</summary>
        public long FullAt => _fullAtAndState >> StateBits;

        public PlaceState State => (PlaceState)(_fullAtAndState & StateMask);
    }
}
