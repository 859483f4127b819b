using System.Runtime.InteropServices;

namespace Violence.Kademlia.Node;

/// <summary>
/// Turns the first SIGINT, SIGTERM or SIGHUP into a cancelled token, so that a node can withdraw and say goodbye. A second
/// one ends the process at once, as it would without us.
/// </summary>
internal sealed class StopSignals : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly PosixSignalRegistration[] _registrations;
    private int _received;

    public StopSignals()
    {
        _registrations =
        [
            PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal),
            PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal),
            PosixSignalRegistration.Create(PosixSignal.SIGHUP, OnSignal),
        ];
    }

    public CancellationToken Token => _stop.Token;

    private void OnSignal(PosixSignalContext signal)
    {
        if (Interlocked.Increment(ref _received) > 1)
        {
            return;
        }

        signal.Cancel = true;
        _stop.Cancel();
    }

    public void Dispose()
    {
        foreach (var registration in _registrations)
        {
            registration.Dispose();
        }

        _stop.Dispose();
    }
}
