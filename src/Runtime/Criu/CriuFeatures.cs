using CriShim.Runtime.Contract;

namespace CriShim.Runtime.Criu;

/// <summary>What the installed criu can do with this kernel. Asking takes a process of its own.</summary>
internal static class CriuFeatures
{
    // criu_features.
    public const int MemoryTracking = 1;
    public const int LazyPages = 2;

    private const int FeatureCheck = 9;
    private const int VersionQuestion = 10;

    /// <summary>Throws <see cref="RuntimeException"/> (FailedPrecondition) where it cannot.</summary>
    /// <param name="what">That needs it, for people.</param>
    public static void Require(string program, int feature, string what)
    {
        using var criu = CriuProcess.Start(program, []);
        var answer = criu.Ask(new ProtoWriter().Number(1, FeatureCheck).Message(5, new ProtoWriter().Switch(feature, true)));
        if ((answer.Features & (1 << feature)) == 0)
        {
            throw new RuntimeException(RuntimeErrorKind.FailedPrecondition, $"{what}: criu cannot do that with this kernel");
        }
    }

    /// <param name="onStarted">Given the process, so that it can be told to give up.</param>
    public static Version VersionOf(string program, Action<CriuProcess> onStarted)
    {
        using var criu = CriuProcess.Start(program, []);
        onStarted(criu);
        return criu.Ask(new ProtoWriter().Number(1, VersionQuestion)).Version ?? new Version();
    }
}
