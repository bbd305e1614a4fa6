using Microsoft.Win32.SafeHandles;
using static CriShim.Linux.LibC.Pipes;

namespace CriShim.Linux;

/// <summary>
/// Descriptors that a child gets under given numbers. Those whose own number lies among the wanted ones are duplicated above them, so that
/// one dup2 after the other never overwrites a source that is still needed.
/// </summary>
public sealed class InheritedFds : IDisposable
{
    private const int F_DUPFD_CLOEXEC = 1030;

    private readonly List<SafeFileHandle> _duplicates = [];

    public InheritedFds(IReadOnlyList<(int Number, SafeFileHandle Source)> wanted)
    {
        Last = wanted.Count == 0 ? -1 : wanted.Max(item => item.Number);
        var mapping = new List<(int, SafeFileHandle)>(wanted.Count);
        foreach (var (number, source) in wanted)
        {
            mapping.Add((number, source.DangerousGetHandle() <= Last ? Duplicate(source) : source));
        }

        Mapping = mapping;
    }

    /// <summary>Highest number in the child; -1 without any.</summary>
    public int Last { get; }

    /// <summary>Number in the child, descriptor here; never equal.</summary>
    public IReadOnlyList<(int Number, SafeFileHandle Source)> Mapping { get; }

    public void Dispose()
    {
        foreach (var duplicate in _duplicates)
        {
            duplicate.Dispose();
        }
    }

    private SafeFileHandle Duplicate(SafeFileHandle source)
    {
        var number = Check.Result(fcntl(source, F_DUPFD_CLOEXEC, Last + 1), "fcntl(F_DUPFD_CLOEXEC)");
        var duplicate = new SafeFileHandle(number, ownsHandle: true);
        _duplicates.Add(duplicate);
        return duplicate;
    }
}
