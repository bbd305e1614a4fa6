namespace CriShim.Runtime.Rootfs;

/// <summary>The SELinux context of all files of a mount (mount(8), "context=").</summary>
internal static class MountLabel
{
    /// <summary>A context that the options have already stays.</summary>
    public static IReadOnlyList<string> AddTo(IReadOnlyList<string> options, string? label) =>
        string.IsNullOrEmpty(label) || options.Any(option => option.StartsWith("context=", StringComparison.Ordinal)) ? options : [.. options, $"context={label}"];
}
