using Violence.Kademlia.Node.Output;

namespace Violence.Kademlia.Node.Commands;

/// <summary>A file that is told again when it has changed. The first look always counts as a change: it may have changed since it was first read.</summary>
/// <param name="path">Where it is; null: there is none.</param>
/// <param name="what">What it tells, for complaints.</param>
internal sealed class FollowedFile(string? path, string what)
{
    private DateTime _written;

    public bool Exists => path is not null;

    /// <summary>Does it when the file has changed. What is wrong with the file is complained about once for every change.</summary>
    public async Task IfChangedAsync(Func<Task> tell, Terminal terminal)
    {
        if (path is null)
        {
            return;
        }

        try
        {
            DateTime written = File.GetLastWriteTimeUtc(path);
            if (written != _written)
            {
                _written = written;
                await tell();
            }
        }
        catch (Exception wrong) when (wrong is IOException or UnauthorizedAccessException or UsageException)
        {
            terminal.Complain($"{wrong.Message} What was told of the {what} stays as it is.");
        }
    }
}
