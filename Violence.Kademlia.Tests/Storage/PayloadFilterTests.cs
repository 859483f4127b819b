using CsCheck;
using Violence.Kademlia.Storage;
using Violence.Kademlia.Tests.Primitives;
using Violence.Kademlia.Tests.Wire;

namespace Violence.Kademlia.Tests.Storage;

[TestFixture]
internal sealed class PayloadFilterTests
{
    /// <summary><c>[1, "eu", 3, 16, ["pvp", "ranked"], true]</c>.</summary>
    private static readonly byte[] Row = new Pack().Array(6).Number(1).Text("eu").Number(3).Number(16)
        .Array(2).Text("pvp").Text("ranked").Raw(0xC3).ToArray();

    [TestCase(1, FilterOperator.TextEquals, "eu", true)]
    [TestCase(1, FilterOperator.TextEquals, "EU", true)]
    [TestCase(1, FilterOperator.TextEquals, "us", false)]
    [TestCase(4, FilterOperator.ArrayContains, "ranked", true)]
    [TestCase(4, FilterOperator.ArrayContains, "rank", false)]
    public void Texts_and_lists_of_texts_are_compared(int element, FilterOperator sought, string text, bool passes)
    {
        Assert.That(Filter(Condition(element, sought).Text(text)).Matches(Row), Is.EqualTo(passes));
    }

    [TestCase(2, FilterOperator.NumberAtLeast, 3, true)]
    [TestCase(2, FilterOperator.NumberAtLeast, 4, false)]
    [TestCase(2, FilterOperator.NumberAtMost, 3, true)]
    [TestCase(2, FilterOperator.NumberAtMost, 2, false)]
    [TestCase(5, FilterOperator.NumberAtLeast, 1, true)]
    [TestCase(5, FilterOperator.NumberAtMost, 0, false)]
    [TestCase(2, FilterOperator.BelowElement, 3, true)]
    [TestCase(3, FilterOperator.BelowElement, 2, false)]
    [TestCase(2, FilterOperator.BelowElement, 2, false)]
    public void Numbers_and_flags_are_compared(int element, FilterOperator sought, int operand, bool passes)
    {
        Assert.That(Filter(Condition(element, sought).Number((ulong)operand)).Matches(Row), Is.EqualTo(passes));
    }

    [Test]
    public void All_conditions_have_to_hold()
    {
        Pack eu = Condition(1, FilterOperator.TextEquals).Text("eu");
        Pack full = Condition(2, FilterOperator.NumberAtLeast).Number(16);

        Assert.That(Filter(eu, Condition(4, FilterOperator.ArrayContains).Text("pvp")).Matches(Row), Is.True);
        Assert.That(Filter(eu, full).Matches(Row), Is.False);
    }

    [Test]
    public void What_can_not_be_judged_passes()
    {
        PayloadFilter filter = Filter(Condition(1, FilterOperator.TextEquals).Text("us"));
        byte[][] payloads =
        [
            [], [0xC1], new Pack().Text("no array").ToArray(), new Pack().Array(1).Number(1).ToArray(), new Pack().Array(2).Number(1).Number(7).ToArray(),
            new Pack().Array(2).Number(1).Nil().ToArray(), [0x92, 0x01, 0xA5, 0x61], [0xDD, 0xFF, 0xFF, 0xFF, 0xFF, 0x01],
            new Pack().Array(2).Raw([.. Enumerable.Repeat((byte)0x91, 700)]).ToArray(),
        ];

        Assert.That(payloads.Where(payload => !filter.Matches(payload)), Is.Empty);
        Assert.That(default(PayloadFilter).Matches(Row), Is.True);
        Assert.That(Filter(Condition(2, (FilterOperator)99).Array(1).Text("later")).Matches(Row), Is.True, "an operator of a later version");
        Assert.That(Filter(Condition(2, FilterOperator.BelowElement).Number(200)).Matches(Row), Is.True);
        Assert.That(Filter(Condition(3, FilterOperator.ArrayContains).Text("x")).Matches(Row), Is.True, "no array");
    }

    [Test]
    public void Numbers_of_any_width_are_read_and_negative_ones_pass()
    {
        PayloadFilter filter = Filter(Condition(0, FilterOperator.NumberAtMost).Number(2));
        byte[][] threes =
        [
            [3], [0xCC, 3], [0xCD, 0, 3], [0xCE, 0, 0, 0, 3], [0xCF, 0, 0, 0, 0, 0, 0, 0, 3], [0xD0, 3], [0xD1, 0, 3], [0xD2, 0, 0, 0, 3], [0xD3, 0, 0, 0, 0, 0, 0, 0, 3],
        ];
        byte[][] negative = [[0xFF], [0xD0, 0xFF], [0xD1, 0x80, 0], [0xD3, 0xFF, 0, 0, 0, 0, 0, 0, 3]];

        Assert.That(threes.Where(three => filter.Matches((byte[])[0x91, .. three])), Is.Empty);
        Assert.That(negative.Where(number => !filter.Matches((byte[])[0x91, .. number])), Is.Empty);
    }

    [Test]
    public void Elements_behind_any_other_form_are_found()
    {
        PayloadFilter filter = Filter(Condition(1, FilterOperator.TextEquals).Text("us"));
        byte[][] forms =
        [
            [0xC0], [0xC2], [0xE0], [0x81, 0x01, 0x91, 0xC0], [0xC4, 1, 0], [0xC5, 0, 1, 0], [0xC6, 0, 0, 0, 1, 0], [0xC7, 1, 5, 0], [0xC8, 0, 1, 5, 0], [0xC9, 0, 0, 0, 1, 5, 0],
            [0xCA, 0, 0, 0, 0], [0xCB, 0, 0, 0, 0, 0, 0, 0, 0], [0xD4, 5, 0], [0xD8, 5, .. new byte[16]], [0xD9, 1, 0x61], [0xDA, 0, 1, 0x61], [0xDB, 0, 0, 0, 1, 0x61],
            [0xDC, 0, 1, 0xC0], [0xDD, 0, 0, 0, 1, 0xC0], [0xDE, 0, 1, 1, 2], [0xDF, 0, 0, 0, 1, 1, 2],
        ];

        using (Assert.EnterMultipleScope())
        {
            Assert.That(forms.Where(form => filter.Matches((byte[])[0x92, .. form, 0xA2, (byte)'e', (byte)'u'])), Is.Empty);
            Assert.That(forms.Where(form => !filter.Matches((byte[])[0x92, .. form, 0xA2, (byte)'u', (byte)'s'])), Is.Empty);
        }
    }

    [Test]
    public void What_is_no_filter_is_refused()
    {
        byte[][] broken =
        [
            [], [0x01], [0x91], [0x91, 0x01], new Pack().Array(1).Array(2).Number(1).Number(0).ToArray(),
            new Pack().Array(1).Raw(Condition(1, FilterOperator.TextEquals).Number(1).ToArray()).ToArray(),
            new Pack().Array(1).Raw(Condition(1, FilterOperator.NumberAtLeast).Text("1").ToArray()).ToArray(),
            new Pack().Array(1).Raw(Condition(1, FilterOperator.BelowElement).Number(256).ToArray()).ToArray(),
            new Pack().Array(1).Array(3).Number(256).Number(0).Text("x").ToArray(),
            new Pack().Array(9).Raw([.. Enumerable.Repeat(Condition(1, FilterOperator.NumberAtLeast).Number(1).ToArray(), 9).SelectMany(one => one)]).ToArray(),
            [.. new Pack().Array(1).Raw(Condition(1, FilterOperator.NumberAtLeast).Number(1).ToArray()).ToArray(), .. new byte[128]],
        ];

        Assert.That(broken.Where(bytes => PayloadFilter.TryParse(bytes, out _)), Is.Empty);
    }

    [Test]
    public void No_bytes_make_it_throw() => Gen.Select(Gen.Byte.Array[0, 128], Gen.Byte.Array[0, 846], Gen.Byte).Sample(
        (filter, payload, element) =>
        {
            if (PayloadFilter.TryParse(filter, out PayloadFilter parsed))
            {
                parsed.Matches(payload);
            }

            Filter(Condition(element, FilterOperator.ArrayContains).Text("x"), Condition(element / 8, FilterOperator.BelowElement).Number(element)).Matches(payload);
            Filter(Condition(element / 16, FilterOperator.TextEquals).Text("x")).Matches([0xDC, 0, 30, .. payload]);
        },
        iter: 5_000);

    [Test]
    public void Judging_allocates_nothing()
    {
        PayloadFilter filter = Filter(Condition(1, FilterOperator.TextEquals).Text("eu"), Condition(4, FilterOperator.ArrayContains).Text("ranked"));

        Assert.That(Allocations.Of(() => filter.Matches(Row)), Is.Zero);
    }

    internal static Pack Condition(int element, FilterOperator sought) => new Pack().Array(3).Number((ulong)element).Number((ulong)sought);

    internal static PayloadFilter Filter(params Pack[] conditions) => PayloadFilter.TryParse(Bytes(conditions), out PayloadFilter filter)
        ? filter
        : throw new InvalidOperationException("That is no filter.");

    internal static byte[] Bytes(params Pack[] conditions) =>
        new Pack().Array(conditions.Length).Raw([.. conditions.SelectMany(static condition => condition.ToArray())]).ToArray();
}
