using System.Text;
using CriShim.Linux;
using CriShim.Runtime.Logging;
using CriShim.Runtime.Tests.Fakes;
using Microsoft.Win32.SafeHandles;
using static CriShim.Linux.LibC.Files;

namespace CriShim.Runtime.Tests.Logging;

public sealed class CriLogWriterTests : IDisposable
{
    private const string Stamp = "2026-03-04T05:06:07.012345600Z";

    private readonly string _folder = Directory.CreateTempSubdirectory("crishim-test-").FullName;
    private readonly FixedTime _time = new(new DateTimeOffset(2026, 3, 4, 5, 6, 7, TimeSpan.Zero).AddTicks(123456));
    private readonly RuntimeLog _problems;

    public CriLogWriterTests() => _problems = new RuntimeLog(Path.Combine(_folder, "problems.log"), _time);

    private string LogPath => Path.Combine(_folder, "pod", "0.log");

    public void Dispose()
    {
        _problems.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public void Commit_WholeLines_WritesThemFull()
    {
        using var writer = Open();
        Feed(writer, LogStream.Stdout, "one\ntwo\n\n");
        Assert.Equal($"{Stamp} stdout F one\n{Stamp} stdout F two\n{Stamp} stdout F \n", Log());
    }

    [Fact]
    public void Commit_LineInPieces_WritesItOnceEnded()
    {
        using var writer = Open();
        Feed(writer, LogStream.Stdout, "on");
        Feed(writer, LogStream.Stdout, "e");
        Assert.Equal("", Log());
        Feed(writer, LogStream.Stdout, "\ntw");
        Assert.Equal($"{Stamp} stdout F one\n", Log());
        Feed(writer, LogStream.Stdout, "o\n");
        Assert.EndsWith("F two\n", Log(), StringComparison.Ordinal);
    }

    [Fact]
    public void Commit_BothStreams_KeepsOrderAndHeldParts()
    {
        using var writer = Open();
        Feed(writer, LogStream.Stdout, "out-a");
        Feed(writer, LogStream.Stderr, "err\n");
        Feed(writer, LogStream.Stdout, "-b\n");
        Assert.Equal($"{Stamp} stderr F err\n{Stamp} stdout F out-a-b\n", Log());
    }

    [Fact]
    public void Commit_EachRead_HasItsOwnTime()
    {
        using var writer = Open();
        Feed(writer, LogStream.Stdout, "one\n");
        _time.Now = new DateTimeOffset(2027, 12, 31, 23, 59, 59, TimeSpan.Zero).AddTicks(9_999_999);
        Feed(writer, LogStream.Stdout, "two\n");
        Assert.Equal($"{Stamp} stdout F one\n2027-12-31T23:59:59.999999900Z stdout F two\n", Log());
    }

    [Theory]
    [InlineData(9, "F")]
    [InlineData(10, "F")]
    [InlineData(11, "P F")]
    [InlineData(20, "P F")]
    [InlineData(21, "P P F")]
    public void Commit_LineLongerThanTheLimit_IsSplit(int length, string tags)
    {
        using var writer = Open(maxLineBytes: 10);
        var text = new string('x', length);
        Feed(writer, LogStream.Stdout, text + "\n");
        Assert.Equal(tags.Split(' '), Records().Select(record => record.Tag));
        Assert.Equal(text, string.Concat(Records().Select(record => record.Text)));
        Assert.All(Records(), record => Assert.InRange(record.Text.Length, 1, 10));
    }

    [Fact]
    public void Commit_EndlessLine_HoldsNoMoreThanTheLimit()
    {
        using var writer = Open(maxLineBytes: 10);
        for (var i = 0; i < 1000; i++)
        {
            Feed(writer, LogStream.Stdout, "abc");
        }

        Assert.Equal(299, Records().Count(record => record.Tag == "P"));
        Feed(writer, LogStream.Stdout, "\n");
        Assert.Equal(300, Records().Length);
    }

    [Fact]
    public void End_LineWithoutNewline_IsPartial()
    {
        using var writer = Open();
        Feed(writer, LogStream.Stdout, "one\nrest");
        writer.End(LogStream.Stdout);
        writer.End(LogStream.Stderr);
        Assert.Equal($"{Stamp} stdout F one\n{Stamp} stdout P rest\n", Log());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(100)]
    [InlineData(16 * 1024)]
    [InlineData(70_000)]
    public void Commit_MuchText_LosesNothing(int lineLength)
    {
        using var writer = Open();
        var text = string.Concat(Enumerable.Range(0, 300_000 / lineLength + 1).Select(i => new string((char)('a' + i % 26), lineLength) + "\n"));
        Feed(writer, LogStream.Stdout, text);
        Assert.Equal(text, string.Concat(Records().Select(record => record.Text + (record.Tag == "F" ? "\n" : ""))));
    }

    [Fact]
    public void Commit_BytesThatAreNotText_PassUnchanged()
    {
        using var writer = Open();
        byte[] bytes = [0, 255, 254, (byte)'\r', (byte)'\n'];
        bytes.CopyTo(writer.ReadSpace(LogStream.Stderr));
        writer.Commit(LogStream.Stderr, bytes.Length);
        byte[] expected = [.. Encoding.ASCII.GetBytes(Stamp + " stderr F "), .. bytes];
        Assert.Equal(expected, File.ReadAllBytes(LogPath));
    }

    [Fact]
    public void Open_MissingFolder_MakesFileWithMode0640()
    {
        using var writer = Open();
        var mode = File.GetUnixFileMode(LogPath);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead, mode);
    }

    [Fact]
    public void Open_ExistingFile_Appends()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(LogPath)!);
        File.WriteAllText(LogPath, "before\n");
        using var writer = Open();
        Feed(writer, LogStream.Stdout, "x\n");
        Assert.StartsWith("before\n2026", Log(), StringComparison.Ordinal);
    }

    [Fact]
    public void Open_SymbolicLink_IsRefused()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(LogPath)!);
        File.CreateSymbolicLink(LogPath, "/dev/null");
        Assert.Equal(Errno.ELOOP, Assert.Throws<LinuxException>(() => Open()).Errno);
    }

    [Fact]
    public void Commit_WithoutPath_ThrowsTheTextAway()
    {
        using var writer = new CriLogWriter(null, 0, _time, _problems);
        Feed(writer, LogStream.Stdout, "x\n");
        writer.Reopen();
        Assert.Equal(0, writer.DroppedRecords);
    }

    [Fact]
    public void Reopen_AfterRename_GoesOnInANewFile()
    {
        using var writer = Open();
        Feed(writer, LogStream.Stdout, "one\ntw");
        File.Move(LogPath, LogPath + ".1");
        Feed(writer, LogStream.Stdout, "o\n");
        writer.Reopen();
        Feed(writer, LogStream.Stdout, "three\n");
        Assert.Equal($"{Stamp} stdout F one\n{Stamp} stdout F two\n", File.ReadAllText(LogPath + ".1"));
        Assert.Equal($"{Stamp} stdout F three\n", Log());
    }

    [Fact]
    public void Reopen_PathRefused_KeepsTheOldFile()
    {
        using var writer = Open();
        File.Move(LogPath, LogPath + ".1");
        Directory.CreateDirectory(LogPath);
        Assert.Throws<LinuxException>(writer.Reopen);
        Feed(writer, LogStream.Stdout, "one\n");
        Assert.Equal($"{Stamp} stdout F one\n", File.ReadAllText(LogPath + ".1"));
    }

    [Fact]
    public void Commit_FullDisk_DropsCountsAndReportsOnce()
    {
        using var writer = new CriLogWriter("/dev/full", 0, _time, _problems);
        Feed(writer, LogStream.Stdout, "one\ntwo\n");
        Feed(writer, LogStream.Stdout, "three\n");
        Assert.Equal(3, writer.DroppedRecords);
        Assert.Single(File.ReadAllLines(Path.Combine(_folder, "problems.log")));
    }

    /// <summary>A fifo that nobody empties stands for a disk that fills up in the middle of a record and has room again later.</summary>
    [Fact]
    public void Commit_SpaceComesBack_CompletesTheTornRecordAndGoesOn()
    {
        var path = Path.Combine(_folder, "fifo");
        using var folder = Fd.Open(_folder, O_PATH);
        Assert.Equal(0, mknodat(folder, "fifo", S_IFIFO | 0b110_000_000, 0));
        using var reader = Fd.Open(path, O_RDONLY | O_NONBLOCK);
        using var writer = new CriLogWriter(path, 0, _time, _problems);
        var lines = Enumerable.Range(0, 3000).Select(i => $"line {i} {new string('x', 97)}").ToArray();
        Feed(writer, LogStream.Stdout, string.Join('\n', lines) + "\n");
        Assert.InRange(writer.DroppedRecords, 1, lines.Length - 1);
        var whole = lines.Length - (int)writer.DroppedRecords;

        var seen = Drain(reader);
        Assert.False(seen.EndsWith('\n'));
        Feed(writer, LogStream.Stdout, "after\n");
        seen += Drain(reader);
        var records = seen.TrimEnd('\n').Split('\n');
        Assert.Equal([.. lines[..whole], "after"], records.Select(record => record[40..]));
    }

    [Fact]
    public void Commit_SteadyState_AllocatesNothing()
    {
        using var writer = Open();
        var lines = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("some line of text\n", 100)));
        void Round()
        {
            lines.CopyTo(writer.ReadSpace(LogStream.Stdout));
            writer.Commit(LogStream.Stdout, lines.Length);
        }

        for (var i = 0; i < 50; i++)
        {
            Round();
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
        {
            Round();
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void DiscardMemory_BetweenReads_LosesNothing()
    {
        using var writer = Open();
        Feed(writer, LogStream.Stdout, "on");
        writer.DiscardMemory();
        Feed(writer, LogStream.Stdout, "e\n");
        writer.DiscardMemory();
        Feed(writer, LogStream.Stdout, "two\n");
        Assert.Equal($"{Stamp} stdout F one\n{Stamp} stdout F two\n", Log());
    }

    private static void Feed(CriLogWriter writer, LogStream stream, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text).AsSpan();
        while (!bytes.IsEmpty)
        {
            var space = writer.ReadSpace(stream);
            var count = Math.Min(bytes.Length, Math.Min(space.Length, LineBuffer.ReadBytes));
            bytes[..count].CopyTo(space);
            writer.Commit(stream, count);
            bytes = bytes[count..];
        }
    }

    private static string Drain(SafeFileHandle reader)
    {
        var text = new StringBuilder();
        var buffer = new byte[4096];
        for (var count = Fd.Read(reader, buffer); count > 0; count = Fd.Read(reader, buffer))
        {
            text.Append(Encoding.UTF8.GetString(buffer, 0, count));
        }

        return text.ToString();
    }

    private CriLogWriter Open(int maxLineBytes = 0) => new(LogPath, maxLineBytes, _time, _problems);

    private string Log() => File.ReadAllText(LogPath);

    private (string Tag, string Text)[] Records() =>
        [.. File.ReadLines(LogPath).Select(line => (line.Substring(38, 1), line[40..]))];
}
