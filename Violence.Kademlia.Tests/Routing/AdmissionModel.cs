using Violence.Kademlia.Primitives;
using Violence.Kademlia.Routing;
using static Violence.Kademlia.Tests.Routing.Neighbourhood;

namespace Violence.Kademlia.Tests.Routing;

/// <summary>The rules of admission once more, told by plain searches through all entries.</summary>
/// <param name="table">A table, before the contact is added.</param>
/// <param name="limits">Its limits.</param>
/// <param name="contact">Who is added.</param>
internal sealed class AdmissionModel(RoutingTable table, RoutingLimits limits, Contact contact)
{
    private readonly BucketEntry[] _others =
        [.. table.Entries().Where(entry => entry.Contact.Endpoint != contact.Endpoint || entry.Contact.Id == contact.Id)];

    /// <summary>What must come of it, and who leaves for it besides a predecessor at the same endpoint.</summary>
    public (BucketAddResult Result, IReadOnlyList<Contact> MayLeave) Expect()
    {
        if (contact.Id == Self)
        {
            return (BucketAddResult.OwnId, []);
        }

        if (_others.Any(entry => entry.Contact == contact))
        {
            return (BucketAddResult.Refreshed, []);
        }

        BucketEntry[] bucket = [.. _others.Where(IsInBucket)];
        bool isFull = bucket.Length >= limits.CapacityAt(table.BucketIndexOf(contact.Id));
        BucketEntry[] known = [.. bucket.Where(entry => entry.Contact.Id == contact.Id)];
        if (known.Length > 0)
        {
            bool mayMove = !isFull || known.Any(IsInNetwork) || !IsOverQuota();
            return (mayMove ? BucketAddResult.Moved : BucketAddResult.QuotaExceeded, []);
        }

        if (!isFull)
        {
            return (BucketAddResult.Added, []);
        }

        return IsOverQuota() ? (BucketAddResult.QuotaExceeded, []) : ExpectInFullBucket(bucket);
    }

    private (BucketAddResult Result, IReadOnlyList<Contact> MayLeave) ExpectInFullBucket(BucketEntry[] bucket)
    {
        BucketEntry[] stale = [.. bucket.Where(entry => entry.Failures >= limits.FailuresToRemove)];
        if (stale.Length > 0)
        {
            return (BucketAddResult.Added, [stale[0].Contact]);
        }

        BucketEntry[][] crowds =
        [
            .. bucket.Where(entry => !entry.Contact.Endpoint.IsPrivate)
                .GroupBy(entry => entry.Contact.Endpoint.NetworkPrefix)
                .Where(network => network.Count() > limits.SubnetContactsPerBucket
                    || _others.Count(other => other.Contact.Endpoint.NetworkPrefix == network.Key) > limits.SubnetContactsPerTable)
                .Select(network => network.ToArray()),
        ];
        if (crowds.Length > 0)
        {
            int most = crowds.Max(crowd => crowd.Length);
            BucketEntry newest = crowds.Where(crowd => crowd.Length == most).SelectMany(crowd => crowd).MaxBy(entry => entry.FirstSeen);
            return (BucketAddResult.Added, [newest.Contact]);
        }

        NodeId[] closest =
            [.. _others.Where(entry => entry.IsReliable).Select(entry => entry.Contact.Id).OrderBy(Self.DistanceTo).Take(limits.K)];
        if (closest.Length == limits.K && Self.DistanceTo(closest[^1]) < Self.DistanceTo(contact.Id))
        {
            return (BucketAddResult.Full, []);
        }

        // Whoever is not among the K closest any more may go, as soon as there are K more than the capacity.
        return (BucketAddResult.Added,
        [
            .. bucket.Where(entry => bucket.Length >= limits.CapacityAt(table.BucketIndexOf(contact.Id)) + limits.K
                    && (!entry.IsReliable || !closest.Contains(entry.Contact.Id) || entry.Contact.Id == closest[^1]))
                .Select(entry => entry.Contact),
        ]);
    }

    private bool IsOverQuota()
    {
        BucketEntry[] inNetwork = [.. _others.Where(entry => IsInNetwork(entry) && entry.Contact.Id != contact.Id)];
        return inNetwork.Length >= limits.SubnetContactsPerTable
            || inNetwork.Count(IsInBucket) >= limits.SubnetContactsPerBucket;
    }

    private bool IsInBucket(BucketEntry entry) => table.BucketIndexOf(entry.Contact.Id) == table.BucketIndexOf(contact.Id);

    private bool IsInNetwork(BucketEntry entry) =>
        !contact.Endpoint.IsPrivate
        && !entry.Contact.Endpoint.IsPrivate
        && entry.Contact.Endpoint.NetworkPrefix == contact.Endpoint.NetworkPrefix;
}
