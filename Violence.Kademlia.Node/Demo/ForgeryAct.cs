using System.Text;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Node.Demo;

/// <summary>
/// Act 9: a stranger signs a newer record for the contested name, puts the owner's key in the place of its own, and sends it.
/// Every holder has to see that the signature is not the owner's, and everybody still finds the owner's server.
/// </summary>
internal sealed class ForgeryAct : IDemoAct
{
    /// <summary>How often the stranger signs anew until its sequence is above the owner's.</summary>
    private const int MostTries = 100;

    public string Title => "forgery";

    public async Task PlayAsync(DemoWorld world, StepLog log, CancellationToken stop)
    {
        log.Expect(1 + world.Askers.Count);
        var server = world.Contested;
        var stranger = world.AskerFor(server);
        if (Forge(stranger, server) is not { } forged)
        {
            log.Fail("the stranger could not make a record that is newer than the owner's");
            return;
        }

        await log.MeasureAsync(async () =>
        {
            var result = await stranger.Node.PublishAsync(forged, stop);
            int refusals = result.Refusals.GetValueOrDefault(StoreStatus.InvalidSignature);
            world.Figures.ForgedRefused = result.Acknowledgements == 0 && refusals > 0 && refusals == result.Refusals.Values.Sum();
            return world.Figures.ForgedRefused
                ? null
                : $"the forged record was not refused by all: {result.Status}, {result.Acknowledgements} nodes took it, {refusals} saw the signature";
        });

        int before = log.Done;
        await Checks.ByEverybodyAsync(world, log, asker => Checks.LookupAsync(asker, server, stop), stop);
        world.Figures.ForgedRefused &= log.Done == before + world.Askers.Count;
    }

    private static byte[]? Forge(DemoNode stranger, DemoServer server)
    {
        var genuine = server.NameRecord;
        byte[] payload = genuine.Payload.ToArray();
        Redirect(payload, server.Info.Address);
        var options = new PutOptions { Label = genuine.Label };
        for (int attempt = 0; attempt < MostTries; attempt++)
        {
            var signed = stranger.Node.Sign(genuine.Key, payload, options);
            if (signed.Sequence > genuine.Sequence)
            {
                return Replace(signed.Bytes.ToArray(), signed.OwnerKey.Span, genuine.OwnerKey.Span);
            }
        }

        return null;
    }

    /// <summary>Sends players elsewhere: another last digit of the port.</summary>
    private static void Redirect(Span<byte> payload, string address)
    {
        byte[] genuine = Encoding.UTF8.GetBytes(address);
        int at = payload.IndexOf(genuine);
        if (at >= 0)
        {
            ref byte last = ref payload[at + genuine.Length - 1];
            last = last == '1' ? (byte)'2' : (byte)'1';
        }
    }

    private static byte[]? Replace(byte[] bytes, ReadOnlySpan<byte> old, ReadOnlySpan<byte> replacement)
    {
        int at = bytes.AsSpan().IndexOf(old);
        if (at < 0)
        {
            return null;
        }

        replacement.CopyTo(bytes.AsSpan(at));
        return bytes;
    }
}
