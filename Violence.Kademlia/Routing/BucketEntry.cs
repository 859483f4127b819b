using System.Runtime.InteropServices;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Routing;

/// <summary>
/// One contact of the routing table: it proved its id at this endpoint. 64 bytes; <see cref="Previous"/> and
/// <see cref="Next"/> are slots of the neighbours in its bucket's list, from least to most recently seen.
/// </summary>
[StructLayout(LayoutKind.Sequential, Pack = 2)]
internal struct BucketEntry
{
    // What is handed on to others stands together in front: an entry lies across two lines of the cache.
    public Contact Contact;

    /// <summary>Requests in a row that it left unanswered.</summary>
    public byte Failures;

    /// <summary>Whether it is being asked whether it lives.</summary>
    public bool IsProbed;

    public int Previous;
    public int Next;
    public Instant LastSeen;
    public Instant FirstSeen;

    /// <summary>How long a contact has to be known before it is counted how long it lives.</summary>
    public static TimeSpan Probation => TimeSpan.FromMinutes(1);

    /// <summary>Since when it has been silent, as far as it was watched.</summary>
    public readonly Instant WatchedSince => Instant.Max(LastSeen, FirstSeen + Probation);

    /// <summary>Whether it answered the last request; only such contacts are handed on to others.</summary>
    public readonly bool IsReliable => Failures == 0;
}
