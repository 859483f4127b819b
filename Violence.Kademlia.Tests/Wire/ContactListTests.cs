using CsCheck;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Wire;

namespace Violence.Kademlia.Tests.Wire;

/// <summary>Contacts of one size, side by side, are read at once; all others one by one. Nobody must be able to tell.</summary>
[TestFixture]
public sealed class ContactListTests
{
    /// <summary>So many fit into a datagram even when all are of IPv6.</summary>
    private const int Most = 28;

    private readonly IncomingMessage _message = new();

    /// <summary>How one contact is written.</summary>
    private enum Form
    {
        IPv4,
        IPv4WithWideLength,
        IPv6,
        Unsendable,
    }

    [Test]
    public void Contacts_are_read_in_order_however_each_is_written() =>
        Gen.Enum<Form>().Array[0, Most].Sample(forms =>
        {
            Pack list = ListOf(forms);

            bool isRead = Read(Samples.Datagram(MessageKind.Nodes, list)) == WireError.None;

            return isRead && _message.Contacts.SequenceEqual(Expected(forms));
        }, iter: 300, threads: 1);

    [Test]
    public void Lists_of_one_form_are_read_whole_whatever_stands_behind_them([Values] bool hasMore)
    {
        foreach (Form form in Enum.GetValues<Form>())
        {
            Form[] forms = [.. Enumerable.Repeat(form, 20)];
            Pack body = ListOf(forms, elements: hasMore ? 4 : 3);
            body = hasMore ? body.Bytes(new byte[26]) : body;

            Assert.That(Read(Samples.Datagram(MessageKind.Nodes, body)), Is.EqualTo(WireError.None), $"{form}");
            Assert.That(_message.Contacts.ToArray(), Is.EqualTo(Expected(forms)), $"{form}");
        }
    }

    [Test]
    public void A_list_that_is_cut_off_is_refused_wherever_it_is()
    {
        byte[] whole = Samples.Datagram(MessageKind.Nodes, ListOf([.. Enumerable.Repeat(Form.IPv4, 5)]));
        for (int length = 1; length < whole.Length; length++)
        {
            Assert.That(Read(whole[..^length]), Is.Not.EqualTo(WireError.None), $"{length} bytes are missing");
        }
    }

    private static Pack ListOf(Form[] forms, int elements = 3)
    {
        Pack list = new Pack().Array(elements).Bytes(Samples.ToBytes(Samples.IPv4)).Bytes(Samples.CookieBytes).Array(forms.Length);
        for (int i = 0; i < forms.Length; i++)
        {
            byte[] bytes = Samples.ToBytes(ContactOf(i, forms[i]));
            list = forms[i] switch
            {
                Form.IPv4WithWideLength => list.Raw(0xC5, 0, (byte)bytes.Length).Raw(bytes),
                Form.Unsendable => list.Bytes([.. bytes[..NodeId.Size], 224, 0, 0, 1, 1, 1]),
                _ => list.Bytes(bytes),
            };
        }

        return list;
    }

    private static Contact[] Expected(Form[] forms) =>
        [.. forms.Select(static (form, number) => (form, number)).Where(static item => item.form != Form.Unsendable).Select(static item => ContactOf(item.number, item.form))];

    private static Contact ContactOf(int number, Form form) =>
        new(new NodeId(0, 0, (uint)number), form == Form.IPv6 ? Samples.IPv6 : NodeEndpoint.FromIPv4([192, 0, 2, (byte)(number + 1)], 4_000));

    private WireError Read(byte[] datagram) => MessageReader.Read(datagram, Samples.Network, _message);
}
