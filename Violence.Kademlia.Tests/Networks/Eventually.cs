namespace Violence.Kademlia.Tests.Networks;

/// <summary>
/// Waits until something holds on a real network, where nobody says when. For tests over sockets only: everything else
/// runs in virtual time. The deadline is a bound against hanging and far above what is normal, never a measurement.
/// </summary>
internal static class Eventually
{
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    /// <summary>Asks again and again; fails with what was seen last when the condition does not hold by the deadline.</summary>
    /// <param name="what">What must come to hold, for the message of a failure.</param>
    /// <param name="observe">Looks once. It has to heed the token.</param>
    /// <param name="holds">Judges what was seen.</param>
    /// <param name="describe">What was seen, for the message of a failure.</param>
    public static async Task<T> HoldsAsync<T>(
        string what, Func<CancellationToken, Task<T>> observe, Func<T, bool> holds, Func<T, string>? describe = null)
    {
        using var deadline = new CancellationTokenSource(Deadline);
        string last = "nothing was seen";
        try
        {
            while (true)
            {
                T seen = await observe(deadline.Token);
                if (holds(seen))
                {
                    return seen;
                }

                last = describe?.Invoke(seen) ?? $"{seen}";
                await Task.Delay(Pause, deadline.Token);
            }
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested)
        {
            throw new AssertionException($"Not within {Deadline.TotalSeconds} s: {what}. Last seen: {last}");
        }
    }

    public static Task HoldsAsync(string what, Func<CancellationToken, Task<bool>> condition) =>
        HoldsAsync(what, condition, holds => holds);
}
