using CsCheck;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Routing;
using static Violence.Kademlia.Tests.Routing.Neighbourhood;

namespace Violence.Kademlia.Tests.Routing;

/// <summary>What holds for every table after every history, checked after each step of random ones.</summary>
[TestFixture]
public sealed class RoutingTablePropertyTests
{
    // Few ids, fewer endpoints: contacts move, take over each other's endpoints, come back.
    private static readonly Gen<Contact> Contacts =
        Gen.Select(Gen.Int[0, 7], Gen.Int[0, 40], Gen.Int[0, 2], Gen.Int[0, 90]).Select((depth, number, kind, place) => new Contact(
            number == 0 && depth == 0 ? Self : IdAt(depth, number),
            kind switch
            {
                0 => Public(place % 6, place),
                1 => IPv6(place % 4, place),
                _ => Private(place),
            }));

    private static readonly Act[] Mix =
    [
        .. Enumerable.Repeat(Act.Add, 6), Act.Seen, Act.Seen, Act.Fail, Act.Fail, Act.Fail, Act.Remove, Act.Suggest, Act.Suggest, Act.Take,
    ];

    private static readonly Gen<Step> Steps =
        Gen.Select(Gen.Int[0, Mix.Length - 1], Contacts, Gen.Int[0, 400]).Select((act, contact, pick) => new Step(Mix[act], contact, pick));

    private enum Act
    {
        Add,
        Seen,
        Fail,
        Remove,
        Suggest,
        Take,
    }

    [Test]
    public void The_invariants_hold_after_every_step_of_every_history() =>
        Steps.Array[0, 250].Sample(steps =>
        {
            RoutingTable table = Table();
            for (int index = 0; index < steps.Length; index++)
            {
                Step step = steps[index].On(table);
                BucketEntry[] before = table.Entries();
                (BucketAddResult expected, IReadOnlyList<Contact> mayLeave) = new AdmissionModel(table, Small, step.Contact).Expect();
                bool hadRoom = table.HasRoomFor(step.Contact, out Contact? toProbe);
                BucketAddResult? added = Apply(table, step, Second(index + 1), out bool removed);

                TableInvariants.Check(table, Small);
                CheckDepartures(table, step, before, mayLeave, removed);
                if (added is { } result)
                {
                    TableInvariants.Require(result == expected, $"{expected} was right, not {result}");
                    bool isIn = result is BucketAddResult.Added or BucketAddResult.Moved or BucketAddResult.Refreshed;
                    bool isTaken = before.Any(entry => entry.Contact.Endpoint == step.Contact.Endpoint) && step.Contact.Id != Self;
                    TableInvariants.Require(hadRoom == (isIn || isTaken), "HasRoomFor tells what Add will do");
                    TableInvariants.Require(
                        toProbe is not null == (result == BucketAddResult.Full && !isTaken),
                        "a full bucket names whom to probe");
                    CheckAdded(table, step.Contact, result);
                }
            }
        }, iter: 60);

    [Test]
    public void The_same_history_gives_the_same_table() =>
        Steps.Array[0, 250].Sample(steps =>
        {
            RoutingTable[] tables = [Table(), Table()];
            foreach (RoutingTable table in tables)
            {
                for (int index = 0; index < steps.Length; index++)
                {
                    Apply(table, steps[index].On(table), Second(index), out _);
                }
            }

            return tables[0].Entries().Select(TableInvariants.Told).SequenceEqual(tables[1].Entries().Select(TableInvariants.Told))
                && tables[0].Buckets().SequenceEqual(tables[1].Buckets())
                && Enumerable.Range(0, tables[0].BucketCount)
                    .All(bucket => tables[0].Replacements(bucket).SequenceEqual(tables[1].Replacements(bucket)));
        }, iter: 100);

    [Test]
    public void The_K_closest_to_self_that_ever_proved_themselves_are_all_in_the_table() =>
        Gen.Int[0, 6].Select(Gen.Int[0, 60]).Array[0, 250].Sample(places =>
        {
            Contact[] proven = [.. places.Distinct().Select(place => At(place.Item1, place.Item2))];
            RoutingTable table = TableOf(Small, proven);

            return table.Closest(Self, Small.K)
                .SequenceEqual(proven.OrderBy(contact => Self.DistanceTo(contact.Id)).Take(Small.K));
        }, iter: 300);

    private static BucketAddResult? Apply(RoutingTable table, Step step, Instant now, out bool removed)
    {
        Contact contact = step.Contact;
        removed = false;
        switch (step.Act)
        {
            case Act.Add:
                return table.Add(contact, now);
            case Act.Seen:
                table.Seen(contact.Id, contact.Endpoint, now, out _);
                break;
            case Act.Fail:
                removed = table.Failed(contact.Id, contact.Endpoint, now, out _);
                break;
            case Act.Remove:
                removed = table.Remove(contact.Id, contact.Endpoint);
                break;
            case Act.Suggest:
                table.Suggest(contact);
                break;
            default:
                table.TryTakeCandidate(out _);
                break;
        }

        return null;
    }

    private static void CheckDepartures(
        RoutingTable table, Step step, BucketEntry[] before, IReadOnlyList<Contact> mayLeave, bool removed)
    {
        BucketEntry[] gone = [.. before.Where(entry => !table.Contains(entry.Contact.Id))];
        int displaced = gone.Count(entry => entry.Contact.Endpoint != step.Contact.Endpoint);
        TableInvariants.Require(
            step.Act == Act.Add ? displaced == Math.Min(1, mayLeave.Count) : gone.Length == (removed ? 1 : 0),
            "one leaves at most, and one its endpoint");
        foreach (BucketEntry entry in gone)
        {
            bool mayGo = step.Act switch
            {
                Act.Remove => entry.Contact == step.Contact,
                Act.Fail => entry.Contact == step.Contact && entry.Failures + 1 >= Small.FailuresToRemove,
                Act.Add => entry.Contact.Endpoint == step.Contact.Endpoint || mayLeave.Contains(entry.Contact),
                _ => false,
            };
            TableInvariants.Require(mayGo, $"{entry.Contact} should not have left by {step.Act}");
            TableInvariants.Require(
                step.Act != Act.Add || !entry.IsReliable || entry.Contact.Endpoint == step.Contact.Endpoint || IsWaiting(table, entry.Contact),
                "who gives way while it answers is a candidate from now on");
        }
    }

    private static void CheckAdded(RoutingTable table, Contact contact, BucketAddResult result)
    {
        bool present = table.TryGet(contact.Id, out BucketEntry entry);
        switch (result)
        {
            case BucketAddResult.Full:
                int closer = table.Entries().Count(other =>
                    other.IsReliable && Self.DistanceTo(other.Contact.Id) < Self.DistanceTo(contact.Id));
                TableInvariants.Require(!present && closer >= Small.K, "one of the K closest is never refused");
                TableInvariants.Require(IsWaiting(table, contact), "it waits");
                break;
            case BucketAddResult.OwnId:
                TableInvariants.Require(contact.Id == Self && !present, "self is no contact");
                break;
            case BucketAddResult.QuotaExceeded:
                TableInvariants.Require(entry.Contact != contact, "refused");
                TableInvariants.Require(present || IsWaiting(table, contact), "it waits, or stays where it was");
                break;
            default:
                TableInvariants.Require(entry.Contact == contact && entry.IsReliable, "it is in, at this endpoint");
                break;
        }
    }

    private static bool IsWaiting(RoutingTable table, Contact contact) =>
        table.Replacements(table.BucketIndexOf(contact.Id)).Contains(contact);

    private readonly record struct Step(Act Act, Contact Contact, int Pick)
    {
        /// <summary>Failures and replies mostly concern contacts that are there: those take the contact from the table.</summary>
        public Step On(RoutingTable table)
        {
            BucketEntry[] entries = Act is Act.Fail or Act.Seen ? table.Entries() : [];
            return entries.Length > 0 ? this with { Contact = entries[Pick % entries.Length / (1 + Pick % 3)].Contact } : this;
        }
    }
}
