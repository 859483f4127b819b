using Violence.Kademlia.Federation.Genres;

namespace Violence.Kademlia.Tests.Federation.Genres;

[TestFixture]
internal sealed class GenrePlaceTests
{
    private const int Crowd = 2_000;
    private const int Few = 30;

    private static readonly GenreShard Root = GenreShard.Root(GenreTown.Genre);

    private GenreTown _town = null!;

    [SetUp]
    public void Begin() => _town = new GenreTown();

    [Test]
    public async Task A_genre_that_grows_and_shrinks_is_found_whole_all_the_time_and_ends_in_one_shard()
    {
        while (_town.Count < Crowd)
        {
            await _town.ComeAsync(100);
            Assert.That(await _town.FoundAsync(), Is.EqualTo(_town.Count), "while it grows");
            await _town.RoundAsync();
            Assert.That(_town.Fullest, Is.LessThanOrEqualTo(GenreShard.Full + 8));
        }

        for (int round = 0; round < 400 && (_town.Count > Few || _town.Places.Any(static shard => !shard.IsRoot)); round++)
        {
            _town.Leave(Math.Min(30, _town.Count - Few));
            await _town.RoundAsync();
            Assert.That(await _town.FoundAsync(), Is.EqualTo(_town.Count), $"while it shrinks, round {round}, {_town.Count} are left");
            Assert.That(_town.Fullest, Is.LessThanOrEqualTo(GenreShard.Crowded));
        }

        Assert.That(_town.Places, Is.All.EqualTo(Root));
    }

    [Test]
    public async Task A_crowd_that_comes_at_once_spreads_and_stays_found_when_its_tombstones_are_gone()
    {
        _town.ComeAtOnce(Crowd);
        for (int round = 0; round < GenreTown.TombstoneRounds + 10; round++)
        {
            await _town.RoundAsync();
            Assert.That(await _town.FoundAsync(), Is.EqualTo(Crowd), $"round {round}");
            Assert.That(_town.Fullest, round < 4 ? Is.LessThanOrEqualTo(Crowd) : Is.LessThanOrEqualTo(GenreShard.Crowded + 8), $"round {round}");
        }
    }

    [Test]
    public async Task Nobody_moves_where_nobody_can_be_asked()
    {
        var place = new GenrePlace(static (_, _) => Task.FromResult<int?>(null), DirectorySamples.Owner(1), "one");
        GenreShard child = Root.ChildOf(DirectorySamples.Owner(1), "one");

        Assert.That(await place.FindAsync(GenreTown.Genre, default), Is.EqualTo(Root));
        Assert.That(await place.ReviewAsync(child, 0, default), Is.EqualTo(child));
    }

    [Test]
    public async Task Holders_that_tell_of_more_rows_than_there_can_be_lead_to_the_deepest_shard_and_no_further()
    {
        int asked = 0;
        var place = new GenrePlace((_, _) => Task.FromResult<int?>(asked++ < 1_000 ? int.MaxValue : 0), DirectorySamples.Owner(1), "one");

        GenreShard shard = await place.FindAsync(GenreTown.Genre, default);

        using (Assert.EnterMultipleScope())
        {
            Assert.That((shard.CanSplit, asked), Is.EqualTo((false, 6)));
            Assert.That(await place.ReviewAsync(shard, 0, default), Is.EqualTo(shard));
        }
    }

    [TestCase(GenreShard.HasRoomAgain, 0, ExpectedResult = false)]
    [TestCase(GenreShard.HasRoomAgain - 1, 0, ExpectedResult = true)]
    [TestCase(GenreShard.HasRoomAgain - 1, 0.9, ExpectedResult = false)]
    public async Task<bool> Who_is_below_moves_up_when_there_is_room_by_chance(int rowsInRoot, double chance)
    {
        GenreShard child = Root.ChildOf(DirectorySamples.Owner(1), "one");
        var place = new GenrePlace((shard, _) => Task.FromResult<int?>(shard.IsRoot ? rowsInRoot : 40), DirectorySamples.Owner(1), "one");

        return await place.ReviewAsync(child, chance, default) == Root;
    }
}
