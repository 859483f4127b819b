namespace Violence.Kademlia.Federation;

/// <summary>How a <see cref="ServerDirectory"/> announces.</summary>
public sealed record ServerDirectoryOptions
{
    /// <summary>
    /// How long a server is to be taken for alive after it was heard of: 30 s to 1 hour, default 2 minutes. It is announced again
    /// every half of it, at 8 datagrams for each of its two records.
    /// </summary>
    public TimeSpan Lease { get; init; } = ServerLease.Default;

#pragma warning disable RS0030 // The options are where time enters the federation.
    /// <summary>The clock announcements are renewed by. Default: the system's.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;
#pragma warning restore RS0030

    /// <exception cref="ArgumentException">An option is wrong.</exception>
    internal void Check(string parameter)
    {
        if (!ServerLease.IsValid(Lease))
        {
            throw new ArgumentException(
                $"ServerDirectoryOptions.Lease is {Lease:c}; allowed: {ServerLease.Least:c} to {ServerLease.Most:c}, in whole seconds.", parameter);
        }

        if (TimeProvider is null)
        {
            throw new ArgumentException("ServerDirectoryOptions.TimeProvider is null; allowed: a clock.", parameter);
        }
    }
}
