using Violence.Kademlia.Federation;

namespace Violence.Kademlia.Node.Demo;

/// <summary>Act 5: queries with filters, which the holders apply, and in an order: each must list exactly the servers that answer it.</summary>
internal sealed class FilterAct : IDemoAct
{
    public string Title => "filters";

    public async Task PlayAsync(DemoWorld world, StepLog log, CancellationToken stop)
    {
        List<ServerInfo> samples = [.. world.Genres.Select(genre => world.Servers.First(server => server.Info.Genre == genre).Info)];
        log.Expect(3 * samples.Count);
        foreach (ServerInfo sample in samples)
        {
            string tag = sample.Tags[0];
            var genre = new ServerQuery { Genre = sample.Genre };
            await AskAsync(genre with { HasFreeSlots = true }, "free slots", server => server.Players < server.MaxPlayers);
            await AskAsync(genre with { Tags = [tag], Version = sample.Version }, tag, server => server.Tags.Contains(tag));
            await AskAsync(
                genre with { MinPlayers = sample.Players, OrderBy = ServerOrder.Players },
                FormattableString.Invariant($"at least {sample.Players} players"),
                server => server.Players >= sample.Players);
        }

        async Task AskAsync(ServerQuery query, string what, Func<ServerInfo, bool> shouldAnswer)
        {
            var asker = world.PickOne(world.Askers);
            await log.MeasureAsync(async () =>
            {
                var check = await Checks.QueryAsync(world, asker, query, $"{query.Genre} with {what}", shouldAnswer, stop);
                world.Figures.FilteredExpected += check.Expected;
                world.Figures.FilteredFound += check.Found;
                return check.Reason;
            });
        }
    }
}
