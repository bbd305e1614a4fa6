using CriShim.Linux;
using CriShim.Runtime.Security;
using Microsoft.Win32.SafeHandles;

namespace CriShim.Runtime.Containers;

/// <summary>
/// The way of the seccomp listener of a process that joins a container: the process hands it to us, who know its pid, and we hand it to
/// the agent, before the process executes its program (a call that the agent decides on may come at once).
/// </summary>
internal sealed class ExecListener : IDisposable
{
    private readonly ContainerExecRequest _request;
    private readonly SeqPacketSocket _ours;
    private readonly SeqPacketSocket _theirs;

    private ExecListener(ContainerExecRequest request)
    {
        _request = request;
        (_ours, _theirs) = SeqPacketSocket.CreatePair();
    }

    public SafeFileHandle ProcessEnd => _theirs.Handle;

    /// <summary>Null where the filter has no listener.</summary>
    public static ExecListener? For(ContainerExecRequest request) => SeccompProfile.HasListener(request.Seccomp) ? new ExecListener(request) : null;

    /// <summary>Waits for the listener and sends it on. A process that fails before sends none.</summary>
    public void Forward(int pid)
    {
        _theirs.Dispose();
        using var packet = _ours.Receive()!;
        if (packet.Fds.Count == 0)
        {
            return;
        }

        var profile = _request.Container.Spec.Linux!.Seccomp!;
        var container = _request.Container;
        using var agent = SeccompListener.Connect(profile);
        var state = Hooks.StateOf(container.Id, container.BundlePath, container.Spec, _request.InitPid, "running");
        UnixStream.Send(agent, SeccompListener.ProcessState(profile, pid, state), packet.Fds[0]);
    }

    public void Dispose()
    {
        _ours.Dispose();
        _theirs.Dispose();
    }
}
