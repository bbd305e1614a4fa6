using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;
using static CriShim.Linux.LibC.Files;

namespace CriShim.Linux;

/// <summary>The names in an open folder as bytes (they need not be UTF-8), without <c>.</c> and <c>..</c>; getdents64(2).</summary>
public sealed class FolderEntries(SafeFileHandle folder)
{
    // struct linux_dirent64: ino u64, off s64, reclen u16, type u8, name
    private const int LengthOffset = 16;
    private const int TypeOffset = 18;
    private const int NameOffset = 19;

    private readonly byte[] _buffer = new byte[32 * 1024];
    private int _position;
    private int _filled;

    /// <summary>The name of the current entry, with its NUL; valid until the next move.</summary>
    public ReadOnlySpan<byte> Name => _buffer.AsSpan(NameStart, NameLength + 1);

    /// <summary>True for folders and where the file system does not tell: then open with O_DIRECTORY decides.</summary>
    public bool MayBeFolder { get; private set; }

    private int NameStart { get; set; }

    private int NameLength { get; set; }

    public bool MoveNext()
    {
        while (true)
        {
            if (_position >= _filled)
            {
                _filled = (int)Check.Result(getdents64(folder, _buffer, _buffer.Length), "getdents64");
                _position = 0;
                if (_filled == 0)
                {
                    return false;
                }
            }

            var record = _buffer.AsSpan(_position);
            NameStart = _position + NameOffset;
            NameLength = record[NameOffset..].IndexOf((byte)0);
            MayBeFolder = record[TypeOffset] is DT_DIR or DT_UNKNOWN;
            _position += BinaryPrimitives.ReadUInt16LittleEndian(record[LengthOffset..]);
            if (!Name[..NameLength].SequenceEqual("."u8) && !Name[..NameLength].SequenceEqual(".."u8))
            {
                return true;
            }
        }
    }
}
