using System.Numerics;
using System.Runtime.CompilerServices;
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

    private TokenBucket _shared;
    private Set[] _sets = [];

    // From the number of sets, once more: so the address of a set is known before the head of the array has been read.
    private int _mask = -1;

    // The source that was found last, and where: one datagram asks twice.
    private ulong _lastAddress;
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
    public int Capacity => _sets.Length * Ways;

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

        ulong address = source.Host;
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

        ref Standing place = ref StandingAt(index);
        Standing standing = place;
        long full = Math.Max(standing.FullAt, now.Ticks) + cost * _ticksPerDatagram;
        if (full - now.Ticks > _limits.PerSource.Burst * _ticksPerDatagram)
        {
            return false;
        }

        place = new Standing(standing.State, full);
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

        ulong address = source.Host;
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
        else if (StandingAt(index).State != PlaceState.Proven)
        {
            StandingAt(index) = new Standing(PlaceState.Proven, StandingAt(index).FullAt);
        }
    }

    /// <summary>The two sets of an address; they may be one.</summary>
    private (int First, int Second) SetsOf(ulong address, int mask)
    {
        ulong mixed = (address ^ _key) * _multiplier;
        mixed = (mixed ^ mixed >> 32) * _multiplier;
        return ((int)(mixed >> 40) & mask, (int)((mixed ^ mixed >> 32) >> 8) & mask);
    }

    /// <summary>The place of an address, counted over all sets.</summary>
    private int Find(ulong address)
    {
        if (_mask < 0)
        {
            return None;
        }

        if (address == _lastAddress && IsAt(_lastFound, address))
        {
            return _lastFound;
        }

        // Both sets at once: which of the two it is nobody can foresee, and to wait for the one before looking at the other takes twice as long.
        (int first, int second) = SetsOf(address, _mask);
        uint places = _sets[first].Having(address) | _sets[second].Having(address) << Ways;
        for (; places != 0; places &= places - 1)
        {
            int way = BitOperations.TrailingZeroCount(places);
            int index = way < Ways ? first * Ways + way : second * Ways + way - Ways;

            // Empty places are behind those that are taken, and hold an address that may be a real one: 0.
            if (StandingAt(index).State != PlaceState.Empty)
            {
                (_lastAddress, _lastFound) = (address, index);
                return index;
            }
        }

        return None;
    }

    private bool IsAt(int index, ulong address) =>
        _sets[index / Ways].Addresses[index % Ways] == address && StandingAt(index).State != PlaceState.Empty;

    private ref Standing StandingAt(int index) => ref _sets[index / Ways].Standings[index % Ways];

    private void Settle(int index, ulong address, Standing standing)
    {
        _sets[index / Ways].Addresses[index % Ways] = address;
        StandingAt(index) = standing;
        (_lastAddress, _lastFound) = (address, index);
    }

    /// <summary>
    /// An empty place of the address's sets, of the one that has more of them; or one whose source was silent long enough; grows
    /// the table when there is neither.
    /// </summary>
    private int FindRoom(ulong address, Instant now)
    {
        while (true)
        {
            if (_mask >= 0)
            {
                (int first, int second) = SetsOf(address, _mask);
                int room = Emptier(first, second);
                room = room != None ? room : Forgettable(first, now);
                room = room != None ? room : Forgettable(second, now);
                if (room != None)
                {
                    return room;
                }
            }

            if (Capacity >= _limits.MaxSources)
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
        return least == Ways ? None : inFirst <= inSecond ? first * Ways + inFirst : second * Ways + inSecond;
    }

    /// <summary>How many places of a set are taken: those in front, for none is ever emptied.</summary>
    private int Taken(int set)
    {
        int taken = 0;
        while (taken < Ways && _sets[set].Standings[taken].State != PlaceState.Empty)
        {
            taken++;
        }

        return taken;
    }

    private int Forgettable(int set, Instant now)
    {
        for (int way = 0; way < Ways; way++)
        {
            if (IsForgettable(_sets[set].Standings[way], now))
            {
                return set * Ways + way;
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
        (int first, int second) = SetsOf(address, _mask);
        int least = first * Ways;
        for (int i = 1; i < 2 * Ways; i++)
        {
            int index = i < Ways ? first * Ways + i : second * Ways + i - Ways;
            Standing candidate = StandingAt(index);
            Standing best = StandingAt(least);
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
        Set[] old = _sets;
        _sets = new Set[Math.Max(1, old.Length * 2)];
        _mask = _sets.Length - 1;
        for (int set = 0; set < old.Length; set++)
        {
            for (int way = 0; way < Ways && old[set].Standings[way].State != PlaceState.Empty; way++)
            {
                // Whoever stood in its second set stays in its second, else two sets might meet in one.
                ulong address = old[set].Addresses[way];
                bool isInFirst = SetsOf(address, old.Length - 1).First == set;
                (int first, int second) = SetsOf(address, _mask);
                int half = isInFirst ? first : second;
                Settle(half * Ways + Taken(half), address, old[set].Standings[way]);
            }
        }
    }

    /// <summary>The addresses in its places, side by side to be compared at once, and behind them their standings. 128 bytes.</summary>
    private struct Set
    {
        public Addresses Addresses;
        public Standings Standings;

        /// <summary>The places that hold an address, empty ones among them, as bits.</summary>
        public readonly uint Having(ulong address) =>
            (uint)Vector512.Equals(Vector512.Create<ulong>(Addresses), Vector512.Create(address)).ExtractMostSignificantBits();
    }

    [InlineArray(Ways)]
    private struct Addresses
    {
        private ulong _first;
    }

    [InlineArray(Ways)]
    private struct Standings
    {
        private Standing _first;
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
