using CriShim.Cgroups;
using CriShim.Linux;
using CriShim.Runtime.Tests.Fakes;

namespace CriShim.Runtime.Tests.Cgroups;

/// <summary>On plain files: what was there before comes back, in the other order.</summary>
public sealed class UndoJournalTests
{
    [Theory]
    [InlineData("cpu.shares", "512", "100", "512")]
    [InlineData("cpu.max", "max 100000", "5000 100000", "max 100000")]
    [InlineData("cpuset.cpus", "", "0", "\n")]
    [InlineData("memory.oom_control", "oom_kill_disable 0\nunder_oom 0", "1", "0")]
    [InlineData("blkio.throttle.read_bps_device", "8:0 77\n8:16 88", "8:16 99", "8:16 88")]
    [InlineData("blkio.throttle.read_bps_device", "8:0 77", "8:16 99", "8:16 0")]
    [InlineData("io.max", "", "8:0 rbps=5", "8:0 rbps=max wbps=max riops=max wiops=max")]
    public void Undo_WrittenFile_SaysWhatItSaidBefore(string file, string before, string written, string undone)
    {
        using var folder = new RecordingFolder();
        var journal = new UndoJournal();
        journal.Add(folder, file, before, written);
        journal.Undo();
        Assert.Equal([$"{file}={undone}"], folder.Writes);
    }

    [Fact]
    public void Undo_SeveralWrites_LastFirst()
    {
        using var folder = new RecordingFolder().With("a", "1").With("b", "2");
        var journal = new UndoJournal();
        var files = new UndoableFolder(folder.Path, journal);
        Assert.Equal(Errno.None, files.TryWrite("a", "3"));
        Assert.Equal(Errno.None, files.TryWrite("b", "4"));
        Assert.Equal(Errno.ENOENT, files.TryWrite("missing", "5"));
        journal.Undo();
        Assert.Equal("1", File.ReadAllText(folder.FilePath("a")));
        Assert.Equal("2", File.ReadAllText(folder.FilePath("b")));
    }
}
