using System.Text;
using CriShim.Linux;
using CriShim.Oci.RuntimeSpec;

namespace CriShim.Runtime.Security;

/// <summary>
/// Compiled profiles on disk: libseccomp takes ~20 ms for a usual profile, reading takes 0.1, and all containers of a node have the same
/// two or three. A file holds the whole profile before the program, so that a name (a hash) that two share never gives the wrong one.
/// </summary>
/// <param name="folder">Made when needed, 0700; null: nothing is kept.</param>
internal sealed class SeccompCache(string? folder)
{
    private const ulong FnvOffset = 14695981039346656037;
    private const ulong FnvPrime = 1099511628211;

    /// <summary>As <see cref="SeccompProfile.Compile"/>, kept.</summary>
    public byte[] Compile(SeccompSpec? profile)
    {
        if (profile is null || folder is null)
        {
            return SeccompProfile.Compile(profile);
        }

        var key = Encoding.UTF8.GetBytes(SeccompText.Of(profile));
        var path = Path.Combine(folder, $"{Hash(key):x16}");
        if (Read(path, key) is { } kept)
        {
            return kept;
        }

        var program = SeccompProfile.Compile(profile);
        Write(path, [.. key, .. program]);
        return program;
    }

    private static byte[]? Read(string path, byte[] key)
    {
        try
        {
            var content = File.ReadAllBytes(path);
            return content.AsSpan().StartsWith(key) ? content[key.Length..] : null;
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>Whole or not at all; failing to keep it is no failure.</summary>
    private void Write(string path, byte[] content)
    {
        try
        {
            Directory.CreateDirectory(folder!, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            AtomicFile.Write(path, content, durable: false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The next container compiles it again.
        }
    }

    /// <summary>FNV-1a.</summary>
    private static ulong Hash(ReadOnlySpan<byte> bytes)
    {
        var hash = FnvOffset;
        foreach (var b in bytes)
        {
            hash = (hash ^ b) * FnvPrime;
        }

        return hash;
    }
}
