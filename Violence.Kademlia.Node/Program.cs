using System.CommandLine;

namespace Violence.Kademlia.Node;

// PLACEHOLDER: holds the place of the real program so that the build and .ci/run have something to call.
internal static class Program
{
    private static int Main(string[] args)
    {
        var json = new Option<bool>("--json") { Description = "Print one JSON document instead of tables." };
        var demo = new Command("demo", "Runs the demonstration.") { json };
        demo.SetAction(result =>
        {
            Console.WriteLine(result.GetValue(json) ? """{"status":"placeholder"}""" : "placeholder");
            return 0;
        });

        return new RootCommand("A Kademlia node for game servers.") { demo }.Parse(args).Invoke();
    }
}
