using System.Text;
using CriShim.CriServer.Images.Archives;
using CriShim.CriServer.Images.Layers;

namespace CriShim.CriServer.Tests.Images.Archives;

public sealed class TarOutputTests
{
    public static TheoryData<string> Names => [.. new[] { "f", new string('n', 100), new string('n', 101), string.Join('/', Enumerable.Repeat(new string('d', 90), 20)), "ä/ö" }];

    [Theory]
    [MemberData(nameof(Names))]
    public void Begin_AnyName_IsReadBack(string name)
    {
        var entry = RoundTrip(new TarEntry { Type = TarEntryType.SymbolicLink, Path = Encoding.UTF8.GetBytes(name), LinkTarget = Encoding.UTF8.GetBytes("t" + name) });
        Assert.Equal(name, Encoding.UTF8.GetString(entry.Path));
        Assert.Equal("t" + name, Encoding.UTF8.GetString(entry.LinkTarget));
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1_700_000_000, 0)]
    [InlineData(1_700_000_000, 123_456_789)]
    [InlineData(-1, 500_000_000)]
    [InlineData(-86_400, 0)]
    [InlineData(99_999_999_999, 1)]
    public void Begin_AnyTime_IsReadBack(long seconds, int nanoseconds)
    {
        var entry = RoundTrip(new TarEntry { Type = TarEntryType.Fifo, Path = [.. "f"u8], ModifiedSeconds = seconds, ModifiedNanoseconds = nanoseconds });
        Assert.Equal((seconds, nanoseconds), (entry.ModifiedSeconds, entry.ModifiedNanoseconds));
    }

    [Fact]
    public void Begin_LargeIdsDevicesAndBinaryAttributes_AreReadBack()
    {
        byte[] value = [0, 1, 255, (byte)'\n', (byte)'='];
        var long1000 = Enumerable.Repeat((byte)7, 1000).ToArray();
        var entry = RoundTrip(new TarEntry
        {
            Type = TarEntryType.CharacterDevice,
            Path = [.. "dev/x"u8],
            Mode = 0xfff,
            Uid = 0x1FFFFF,
            Gid = 4_000_000_000,
            DeviceMajor = 4095,
            DeviceMinor = 1_048_575,
            Xattrs = [new TarXattr([.. "user.b\0"u8], value), new TarXattr([.. "user.long\0"u8], long1000)],
        });
        Assert.Equal((0xfffu, 0x1FFFFFu, 4_000_000_000u, 4095u, 1_048_575u), (entry.Mode, entry.Uid, entry.Gid, entry.DeviceMajor, entry.DeviceMinor));
        Assert.Equal(value, entry.Xattrs[0].Value);
        Assert.Equal(long1000, entry.Xattrs[1].Value);
    }

    [Fact]
    public void WriteFile_Contents_AreReadBack()
    {
        using var bytes = new MemoryStream();
        var output = new TarOutput(bytes);
        output.WriteFile("a", "hello"u8);
        output.WriteFile("b", new byte[512]);
        output.Finish();
        bytes.Position = 0;
        Assert.Equal(0, bytes.Length % 512);
        var reader = new TarReader(new StreamSource(bytes));
        Assert.Equal("a"u8, reader.ReadNext()!.Path);
        Assert.Equal("hello"u8, reader.ReadData());
        Assert.Equal(512, reader.ReadNext()!.Size);
        Assert.Null(reader.ReadNext());
    }

    private static TarEntry RoundTrip(TarEntry entry)
    {
        using var bytes = new MemoryStream();
        var output = new TarOutput(bytes);
        output.Begin(entry);
        output.Finish();
        bytes.Position = 0;
        return new TarReader(new StreamSource(bytes)).ReadNext()!;
    }
}
