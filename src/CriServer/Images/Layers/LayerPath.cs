using System.Text;
using CriShim.CriServer.Images.Content;

namespace CriShim.CriServer.Images.Layers;

/// <summary>
/// An archive's name as a path inside a layer: its parent and its last component, both ending in NUL. Leading slashes and <c>.</c>
/// mean nothing; <c>..</c> is refused.
/// </summary>
internal readonly struct LayerPath
{
    private LayerPath(byte[] parent, byte[] name)
    {
        Parent = parent;
        Name = name;
    }

    /// <summary>The layer's root itself.</summary>
    public static LayerPath Root { get; } = new([.. ".\0"u8], [.. ".\0"u8]);

    /// <summary>Relative to the layer's root, no slash at either end; <c>.</c> is the root itself.</summary>
    public byte[] Parent { get; }

    /// <summary><c>.</c> for the root itself.</summary>
    public byte[] Name { get; }

    public bool IsRoot => Name.AsSpan().SequenceEqual(".\0"u8);

    /// <summary>The whole path, ending in NUL.</summary>
    public byte[] Full => Parent.AsSpan().SequenceEqual(".\0"u8) ? Name : [.. Parent.AsSpan()[..^1], (byte)'/', .. Name];

    public override string ToString() => Linux.NulTerminated.ToText(Full);

    /// <exception cref="ContentException">The name cannot be a path inside the layer.</exception>
    public static LayerPath Parse(ReadOnlySpan<byte> name)
    {
        if (name.Length >= ContentLimits.MaxPathBytes || name.Contains((byte)0))
        {
            throw new ContentException($"archive has an entry with an invalid name of {name.Length} bytes");
        }

        var clean = new byte[name.Length + 1];
        var length = 0;
        var lastStart = 0;
        foreach (var range in name.Split((byte)'/'))
        {
            var component = name[range];
            if (component.IsEmpty || component.SequenceEqual("."u8))
            {
                continue;
            }

            if (component.SequenceEqual(".."u8))
            {
                throw new ContentException($"archive has an entry that leaves the layer: \"{Encoding.UTF8.GetString(name)}\"");
            }

            if (length > 0)
            {
                clean[length++] = (byte)'/';
            }

            lastStart = length;
            component.CopyTo(clean.AsSpan(length));
            length += component.Length;
        }

        if (length == 0)
        {
            return Root;
        }

        byte[] parent = lastStart == 0 ? [.. ".\0"u8] : [.. clean.AsSpan(0, lastStart - 1), 0];
        return new LayerPath(parent, [.. clean.AsSpan(lastStart, length - lastStart), 0]);
    }

    /// <summary>The same parent, another last component.</summary>
    public LayerPath WithName(ReadOnlySpan<byte> name) => new(Parent, Linux.NulTerminated.FromBytes(name));
}
