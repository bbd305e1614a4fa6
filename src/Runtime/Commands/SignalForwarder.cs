using System.Runtime.InteropServices;
using CriShim.Linux;

namespace CriShim.Runtime.Commands;

/// <summary>Passes the signals that this process gets on to a container's process, as if it were that process.</summary>
internal sealed class SignalForwarder : IDisposable
{
    private static readonly int[] s_signals = [1 /* HUP */, 2 /* INT */, 3 /* QUIT */, 10 /* USR1 */, 12 /* USR2 */, 15 /* TERM */];

    private readonly List<PosixSignalRegistration> _registrations = [];

    public SignalForwarder(PidFd target)
    {
        foreach (var signal in s_signals)
        {
            _registrations.Add(PosixSignalRegistration.Create((PosixSignal)signal, context =>
            {
                context.Cancel = true;
                target.SendSignal(signal);
            }));
        }
    }

    public void Dispose() => _registrations.ForEach(registration => registration.Dispose());
}
