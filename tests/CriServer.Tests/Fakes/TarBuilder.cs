using System.Globalization;
using System.Text;

namespace CriShim.CriServer.Tests.Fakes;

/// <summary>Writes archives block by block, also ones that no honest program would write. Entries belong to the user of the test.</summary>
internal sealed class TarBuilder
{
    private static readonly long s_uid = CurrentId("Uid:");
    private static readonly long s_gid = CurrentId("Gid:");
    private readonly List<byte> _bytes = [];

    public static bool IsRoot => s_uid == 0;

    public TarBuilder Folder(string name, int mode = 0x1ED, long mtime = 1000) => Entry(name, '5', mode: mode, mtime: mtime);

    public TarBuilder File(string name, string content = "", int mode = 0x1A4, long mtime = 1000) =>
        Entry(name, '0', Encoding.UTF8.GetBytes(content), mode: mode, mtime: mtime);

    public TarBuilder SymbolicLink(string name, string target) => Entry(name, '2', link: target);

    public TarBuilder HardLink(string name, string target) => Entry(name, '1', link: target);

    public TarBuilder Pax(params (string Key, string Value)[] records) =>
        Entry("pax", 'x', Encoding.UTF8.GetBytes(string.Concat(records.Select(r => PaxRecord(r.Key, r.Value)))));

    public TarBuilder LongName(string name) => Entry("././@LongLink", 'L', [.. Encoding.UTF8.GetBytes(name), 0]);

    public TarBuilder LongLink(string name) => Entry("././@LongLink", 'K', [.. Encoding.UTF8.GetBytes(name), 0]);

    /// <summary>Any entry.</summary>
    /// <param name="size">What the header says; null: the truth.</param>
    public TarBuilder Entry(
        string name, char type, byte[]? data = null, string link = "", int mode = 0x1A4, long mtime = 1000, long? size = null, uint major = 0,
        uint minor = 0, long? uid = null, Action<byte[]>? patch = null)
    {
        data ??= [];
        var header = new byte[512];
        Put(header, 0, name);
        PutOctal(header, 100, 8, mode);
        PutOctal(header, 108, 8, uid ?? s_uid);
        PutOctal(header, 116, 8, s_gid);
        PutOctal(header, 124, 12, size ?? data.Length);
        PutOctal(header, 136, 12, mtime);
        header[156] = (byte)type;
        Put(header, 157, link);
        Put(header, 257, "ustar\000");
        PutOctal(header, 329, 8, major);
        PutOctal(header, 337, 8, minor);
        patch?.Invoke(header);
        Put(header, 148, "        ");
        PutOctal(header, 148, 7, header.Sum(b => b));
        _bytes.AddRange(header);
        _bytes.AddRange(data);
        _bytes.AddRange(new byte[-data.Length & 511]);
        return this;
    }

    public TarBuilder Raw(byte[] bytes)
    {
        _bytes.AddRange(bytes);
        return this;
    }

    public byte[] Build()
    {
        return [.. _bytes, .. new byte[1024]];
    }

    public static void PutOctal(byte[] header, int offset, int length, long value) =>
        Put(header, offset, Convert.ToString(value, 8).PadLeft(length - 1, '0'));

    private static string PaxRecord(string key, string value)
    {
        var rest = Encoding.UTF8.GetByteCount($" {key}={value}\n");
        var length = rest + 1;
        while (length.ToString(CultureInfo.InvariantCulture).Length + rest != length)
        {
            length++;
        }

        return $"{length} {key}={value}\n";
    }

    private static void Put(byte[] header, int offset, string text) => Encoding.UTF8.GetBytes(text).CopyTo(header, offset);

    private static long CurrentId(string line) => long.Parse(
        System.IO.File.ReadLines("/proc/self/status").First(l => l.StartsWith(line, StringComparison.Ordinal)).Split('\t')[2], CultureInfo.InvariantCulture);
}
