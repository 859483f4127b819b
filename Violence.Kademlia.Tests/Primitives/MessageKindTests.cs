using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Tests.Primitives;

[TestFixture]
public sealed class MessageKindTests
{
    [Test]
    public void Requests_and_replies_are_the_numbers_of_the_protocol()
    {
        IEnumerable<int> numbers = Enumerable.Range(0, 256);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(numbers.Where(number => ((MessageKind)number).IsRequest()), Is.EqualTo(new[] { 1, 2, 3, 4, 5, 6, 7, 8 }));
            Assert.That(numbers.Where(number => ((MessageKind)number).IsReply()), Is.EqualTo(new[] { 17, 18, 19, 20, 22, 23, 31 }));
        }
    }

    [Test]
    public void Each_request_has_its_reply()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(MessageKind.Ping.Reply(), Is.EqualTo(MessageKind.Pong));
            Assert.That(MessageKind.Store.Reply(), Is.EqualTo(MessageKind.Stored));
            Assert.That(MessageKind.FindNode.Reply(), Is.EqualTo(MessageKind.Nodes));
            Assert.That(MessageKind.FindValue.Reply(), Is.EqualTo(MessageKind.Values));
        }
    }

    [Test]
    public void Goodbyes_and_news_have_no_reply()
    {
        IEnumerable<MessageKind> requests = Enum.GetValues<MessageKind>().Where(static kind => kind.IsRequest());

        Assert.That(requests.Where(static kind => !kind.HasReply()), Is.EqualTo(new[] { MessageKind.Goodbye, MessageKind.News }));
        Assert.That(requests.Where(static kind => !kind.Reply().IsReply()), Is.EqualTo(new[] { MessageKind.Goodbye, MessageKind.News }));
    }

    [Test]
    public void A_transaction_reads_as_sixteen_digits() =>
        Assert.That(new TransactionId(0xAB).ToString(), Is.EqualTo("00000000000000ab"));

    [Test]
    public void Each_drop_is_counted_under_its_reason()
    {
        var counters = new Counters();
        counters.Drop(DropReason.TooLarge);
        counters.Drop(DropReason.WouldAmplify);
        counters.Drop(DropReason.WouldAmplify);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(counters.Dropped(DropReason.TooLarge), Is.EqualTo(1));
            Assert.That(counters.Dropped(DropReason.WouldAmplify), Is.EqualTo(2));
            Assert.That(counters.Dropped(DropReason.Malformed), Is.Zero);
            Assert.That(counters.DroppedTotal, Is.EqualTo(3));
        }
    }
}
