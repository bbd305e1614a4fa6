using CriShim.Linux;
using Microsoft.Win32.SafeHandles;
using static CriShim.Linux.LibC.Files;

namespace CriShim.Runtime.Supervisor;

/// <summary>Both ends of the container's stdio pipes, until each has found its owner.</summary>
internal sealed class ContainerStdio : IDisposable
{
    private readonly PipePair _out = PipePair.Create();
    private readonly PipePair _error = PipePair.Create();
    private readonly PipePair? _in;
    private SafeFileHandle? _takenOut;
    private SafeFileHandle? _takenError;
    private SafeFileHandle? _takenIn;

    private ContainerStdio(bool openStdin)
    {
        _in = openStdin ? PipePair.Create() : null;
        Stdin = _in?.Reader ?? Fd.Open("/dev/null", O_RDONLY);
    }

    /// <summary>The container's ends.</summary>
    public SafeFileHandle Stdin { get; }

    public SafeFileHandle Stdout => _out.Writer;

    public SafeFileHandle Stderr => _error.Writer;

    public static ContainerStdio Create(bool openStdin) => new(openStdin);

    /// <summary>The read end of stdout, from now on the caller's.</summary>
    public SafeFileHandle TakeOut() => _takenOut = _out.Reader;

    /// <summary>The read end of stderr, from now on the caller's.</summary>
    public SafeFileHandle TakeError() => _takenError = _error.Reader;

    /// <summary>The write end of stdin, from now on the caller's; null where it is /dev/null.</summary>
    public SafeFileHandle? TakeIn() => _takenIn = _in?.Writer;

    /// <summary>Once the container has them: otherwise the pipes would never end.</summary>
    public void CloseContainerEnds()
    {
        Stdin.Dispose();
        Stdout.Dispose();
        Stderr.Dispose();
    }

    public void Dispose()
    {
        CloseContainerEnds();
        foreach (var end in (ReadOnlySpan<SafeFileHandle?>)[_out.Reader, _error.Reader, _in?.Writer])
        {
            if (end is not null && end != _takenOut && end != _takenError && end != _takenIn)
            {
                end.Dispose();
            }
        }
    }
}
