using System.CommandLine;
using Violence.Kademlia.Node.Commands;
using Violence.Kademlia.Node.Output;

namespace Violence.Kademlia.Node.CommandLine;

/// <summary>The program's commands.</summary>
internal static class CommandTree
{
    public static RootCommand Build(Terminal terminal) =>
        new("A Kademlia node for game servers: finds servers with no master server.")
        {
            DemoCommand.Create(terminal),
            RunCommand.Create(terminal),
            AnnounceCommand.Create(terminal),
            LookupCommand.Create(terminal),
            PlayerCommand.Create(terminal),
            QueryCommand.Create(terminal),
            BrowseCommand.Create(terminal),
            PutCommand.Create(terminal),
            GetCommand.Create(terminal),
            RecordsCommand.Create(terminal),
            HubCommand.Create(terminal),
        };
}
