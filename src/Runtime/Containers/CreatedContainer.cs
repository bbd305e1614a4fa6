using CriShim.Cgroups;
using CriShim.Linux;
using CriShim.Oci.RuntimeSpec;
using CriShim.Runtime.Contract;
using CriShim.Runtime.Init;
using Microsoft.Win32.SafeHandles;

namespace CriShim.Runtime.Containers;

/// <summary>
/// A container whose init waits at the gate, before the user's program; or, after <see cref="Start"/>, runs it. Its init is a child of this
/// process: the holder collects its end through <see cref="PidFd"/> and then calls <see cref="ContainerDeleter"/>.
/// </summary>
internal sealed class CreatedContainer(ContainerRequest request, ClonedProcess init, ulong startTime, ICgroupManager cgroup, InitChannel channel)
    : IDisposable
{
    public string Id => request.Id;

    public string BundlePath => request.BundlePath;

    public Spec Spec => request.Spec;

    /// <summary>Of the init, in this process's PID namespace.</summary>
    public int Pid => init.Pid;

    public PidFd PidFd => init.PidFd;

    /// <summary>Of the init: field 22 of /proc/PID/stat.</summary>
    public ulong StartTime => startTime;

    public ICgroupManager Cgroup => cgroup;

    /// <summary>The terminal's master where the spec asks for one. The holder's to close.</summary>
    public SafeFileHandle? Console { get; init; }

    /// <summary>The compiled seccomp profile, for processes that join; empty: none.</summary>
    public byte[] Seccomp { get; init; } = [];

    /// <summary>
    /// Opens the gate and waits until the user's program runs. Throws <see cref="RuntimeException"/> when it does not come to that (no
    /// such command); the init then has ended or is about to. Then runs the poststart hooks.
    /// </summary>
    public void Start()
    {
        if (request.StartsAtOnce)
        {
            ContainerStarter.AwaitProgram(channel, Id);
        }
        else
        {
            ContainerStarter.Open(channel, Id);
        }

        Hooks.RunPoststart(Spec, Hooks.StateOf(this, "running"), PidFd);
    }

    public void Dispose()
    {
        channel.Dispose();
        init.Dispose();
    }
}
