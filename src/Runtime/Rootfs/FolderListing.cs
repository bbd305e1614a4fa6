using System.Buffers.Binary;
using System.Text;
using CriShim.Linux;
using Microsoft.Win32.SafeHandles;
using static CriShim.Linux.LibC.Files;

namespace CriShim.Runtime.Rootfs;

/// <summary>The names in an open folder (getdents64(2)).</summary>
internal static class FolderListing
{
    private const int LengthOffset = 16;
    private const int NameOffset = 19;

    public static List<string> Names(SafeFileHandle folder)
    {
        var names = new List<string>();
        var buffer = new byte[32 * 1024];
        while (Check.Result(getdents64(folder, buffer, buffer.Length), "getdents64") is var count and > 0)
        {
            for (var offset = 0; offset < count;)
            {
                var entry = buffer.AsSpan(offset);
                var length = BinaryPrimitives.ReadUInt16LittleEndian(entry[LengthOffset..]);
                var name = entry[NameOffset..length];
                var text = Encoding.UTF8.GetString(name[..name.IndexOf((byte)0)]);
                if (text is not ("." or ".."))
                {
                    names.Add(text);
                }

                offset += length;
            }
        }

        return names;
    }
}
