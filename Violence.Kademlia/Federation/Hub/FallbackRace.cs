namespace Violence.Kademlia.Federation.Hub;

/// <summary>What the DHT and the hubs had said when a question was decided; null for who had not, or failed.</summary>
internal readonly record struct RaceResult<TDht, THub>(TDht? Dht, THub? Hubs)
    where TDht : class
    where THub : class;

/// <summary>
/// One question to the DHT and, when it is late, fails or finds nothing, to the hubs. The hubs are never waited for once
/// the DHT has found something, and a DHT that says nothing is not waited for once a hub has.
/// </summary>
/// <param name="softDeadline">How long the DHT has the question for itself.</param>
/// <param name="use">Whether the hubs are asked at once instead, and waited for until then.</param>
/// <param name="time">The clock.</param>
internal sealed class FallbackRace(TimeSpan softDeadline, HubUse use, TimeProvider time)
{
    /// <param name="askDht">May fail in any way: that is as if it found nothing.</param>
    /// <param name="isFound">Whether the DHT's answer is one.</param>
    /// <param name="askHubs">Fails only when cancelled.</param>
    /// <param name="isUseful">Whether the hubs' answer is one.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<RaceResult<TDht, THub>> RunAsync<TDht, THub>(
        Func<CancellationToken, Task<TDht>> askDht,
        Func<TDht, bool> isFound,
        Func<CancellationToken, Task<THub>> askHubs,
        Func<THub, bool> isUseful,
        CancellationToken cancellationToken)
        where TDht : class
        where THub : class
    {
        using var decided = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            Task<TDht?> dht = OrNothingAsync(askDht, decided.Token);
            Task<THub?>? hubs = use == HubUse.Always ? OrNothingAsync(askHubs, decided.Token) : null;
            Task deadline = Task.Delay(softDeadline, time, decided.Token);

            await Task.WhenAny(dht, deadline).ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
            if (hubs is not null && await IsAsync(dht, isFound).ConfigureAwait(false))
            {
                await Task.WhenAny(hubs, deadline).ConfigureAwait(false);
            }

            if (hubs is null && !await IsAsync(dht, isFound).ConfigureAwait(false))
            {
                hubs = OrNothingAsync(askHubs, decided.Token);
            }

            while (hubs is not null
                && !await IsAsync(dht, isFound).ConfigureAwait(false)
                && !await IsAsync(hubs, isUseful).ConfigureAwait(false)
                && !(dht.IsCompleted && hubs.IsCompleted))
            {
                Task open = dht.IsCompleted ? hubs : hubs.IsCompleted ? dht : Task.WhenAny(dht, hubs);
                await open.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }

            cancellationToken.ThrowIfCancellationRequested();
            return new RaceResult<TDht, THub>(
                await ValueAsync(dht).ConfigureAwait(false),
                hubs is null ? null : await ValueAsync(hubs).ConfigureAwait(false));
        }
        finally
        {
            await decided.CancelAsync().ConfigureAwait(false);
        }
    }

    private static async Task<T?> OrNothingAsync<T>(Func<CancellationToken, Task<T>> ask, CancellationToken cancellationToken)
        where T : class
    {
        try
        {
            return await ask(cancellationToken).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // Whatever is wrong with one (the DHT's node was stopped, say), the other is to be asked.
        catch (Exception)
#pragma warning restore CA1031
        {
            return null;
        }
    }

    private static async Task<bool> IsAsync<T>(Task<T?> asked, Func<T, bool> judge)
        where T : class =>
        await ValueAsync(asked).ConfigureAwait(false) is { } value && judge(value);

    private static async Task<T?> ValueAsync<T>(Task<T?> asked)
        where T : class =>
        asked.IsCompletedSuccessfully ? await asked.ConfigureAwait(false) : null;
}
