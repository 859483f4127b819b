using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Routing;

/// <summary>
/// Candidates for the places of one bucket (the paper's section 4.1), at most a fixed number. In the array first those that
/// were only heard of, then those that proved themselves once, each from the oldest news to the latest: the first is given
/// up for a newcomer, the last is the best. What was only heard of never displaces what proved itself, so lies told by others
/// only compete with each other. A network over its share here only displaces its own, for in this place there is always
/// competition.
/// </summary>
internal sealed class ReplacementCache(int capacity, int perSubnet)
{
    private Contact[] _contacts = [];
    private int _proven;

    public int Count { get; private set; }

    public ReadOnlySpan<Contact> Contacts => _contacts.AsSpan(0, Count);

    /// <summary>Remembers a candidate; an id and an endpoint are remembered once, at their latest news.</summary>
    public void Put(Contact contact, bool proven)
    {
        for (int index = Count - 1; index >= 0; index--)
        {
            if (IsSameNode(_contacts[index], contact))
            {
                if (IsProven(index) && !proven)
                {
                    return;
                }

                RemoveAt(index);
            }
        }

        int displaced = Displaced(contact.Endpoint);
        if (displaced >= 0)
        {
            if (IsProven(displaced) && !proven)
            {
                return;
            }

            RemoveAt(displaced);
        }

        if (capacity > 0)
        {
            InsertAt(proven ? Count : Count - _proven, contact);
            _proven += proven ? 1 : 0;
        }
    }

    /// <summary>A candidate answered: it becomes the best of its kind. Nothing happens when it is not here.</summary>
    public void Seen(Contact contact)
    {
        int index = Contacts.IndexOf(contact);
        if (index >= 0)
        {
            Put(contact, IsProven(index));
        }
    }

    /// <summary>
    /// Forgets a candidate of this id at this endpoint. Another endpoint proves nothing: liars could pair known ids with dead ones.
    /// </summary>
    public void Forget(Contact contact)
    {
        int index = Contacts.IndexOf(contact);
        if (index >= 0)
        {
            RemoveAt(index);
        }
    }

    /// <summary>Forgets whoever has the id or the endpoint of a contact that has proved both.</summary>
    public void Supersede(Contact contact)
    {
        for (int index = Count - 1; index >= 0; index--)
        {
            if (IsSameNode(_contacts[index], contact))
            {
                RemoveAt(index);
            }
        }
    }

    /// <summary>Takes out the candidate at a position in <see cref="Contacts"/>.</summary>
    public Contact TakeAt(int index)
    {
        Contact contact = _contacts[index];
        RemoveAt(index);
        return contact;
    }

    /// <summary>Hands over those that share more than <paramref name="depth"/> bits with <paramref name="self"/>.</summary>
    public void MoveDeeper(NodeId self, int depth, ReplacementCache deeper)
    {
        for (int index = 0; index < Count;)
        {
            Contact contact = _contacts[index];
            if (contact.Id.CommonPrefixLength(self) > depth)
            {
                deeper.Put(contact, IsProven(index));
                RemoveAt(index);
            }
            else
            {
                index++;
            }
        }
    }

    private bool IsProven(int index) => index >= Count - _proven;

    private static bool IsSameNode(Contact left, Contact right) => left.Id == right.Id || left.Endpoint == right.Endpoint;

    /// <summary>Who goes when one more comes from here: the oldest of its network, the oldest of all, or nobody (-1).</summary>
    private int Displaced(NodeEndpoint endpoint)
    {
        int oldest = -1;
        if (!endpoint.IsPrivate)
        {
            int inSubnet = 0;
            for (int index = Count - 1; index >= 0; index--)
            {
                NodeEndpoint other = _contacts[index].Endpoint;
                if (!other.IsPrivate && other.NetworkPrefix == endpoint.NetworkPrefix)
                {
                    oldest = index;
                    inSubnet++;
                }
            }

            if (inSubnet >= perSubnet)
            {
                return oldest;
            }
        }

        return Count >= capacity ? Math.Min(0, Count - 1) : -1;
    }

    private void InsertAt(int index, Contact contact)
    {
        if (Count == _contacts.Length)
        {
            Array.Resize(ref _contacts, Math.Min(capacity, Math.Max(4, Count * 2)));
        }

        _contacts.AsSpan(index, Count - index).CopyTo(_contacts.AsSpan(index + 1));
        _contacts[index] = contact;
        Count++;
    }

    private void RemoveAt(int index)
    {
        _proven -= IsProven(index) ? 1 : 0;
        _contacts.AsSpan(index + 1, Count - index - 1).CopyTo(_contacts.AsSpan(index));
        Count--;
    }
}
