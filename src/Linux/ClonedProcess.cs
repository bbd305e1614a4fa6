namespace CriShim.Linux;

/// <summary>A child that has executed its program. Pid is as the caller's PID namespace sees it.</summary>
public sealed record ClonedProcess(int Pid, PidFd PidFd) : IDisposable
{
    public void Dispose() => PidFd.Dispose();
}
