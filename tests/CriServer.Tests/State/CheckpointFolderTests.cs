using CriShim.Cri.V1;
using CriShim.CriServer.Containers;
using CriShim.CriServer.Sandboxes;
using CriShim.CriServer.State;
using CriShim.CriServer.Tests.Fakes;

namespace CriShim.CriServer.Tests.State;

public sealed class CheckpointFolderTests : IDisposable
{
    private readonly TestFolder _folder = new();
    private readonly CheckpointFolder<SandboxCheckpoint> _records;

    public CheckpointFolderTests() => _records = new CheckpointFolder<SandboxCheckpoint>(
        _folder["sandboxes"], _folder["quarantine"], SandboxCheckpoint.FileName, CheckpointJsonContext.Default.SandboxCheckpoint, _ => { });

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Write_Sandbox_IsReadBackWhole()
    {
        var sandbox = NewSandbox();
        _records.Write(sandbox.Id, SandboxCheckpoint.Of(sandbox));
        var found = Assert.Single(_records.ReadAll());
        var back = found.Checkpoint!.ToSandbox(sandbox.Id);
        Assert.Equal(sandbox with { Addresses = back.Addresses }, back);
        Assert.Equal(sandbox.Addresses, back.Addresses);
    }

    [Fact]
    public void Write_Container_IsReadBackWhole()
    {
        var container = ContainerWorld.NewContainer('a') with
        {
            User = new LinuxContainerUser { Uid = 1, Gid = 2, SupplementalGroups = { 2, 3 } },
            ExitCode = 3,
            Reason = "Error",
        };
        Assert.Equal(container, ContainerCheckpoint.Of(container).ToContainer(container.Id));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{\"version\":1}")]
    [InlineData("{\"version\":2,\"id\":\"a\",\"config\":\"\"}")]
    [InlineData("{\"version\":1,\"id\":\"other\",\"config\":\"\"}")]
    [InlineData("{\"version\":1,\"id\":\"a\",\"config\":\"!\"}")]
    public void ReadAll_Corrupt_IsAnErrorNotAFailure(string text)
    {
        Directory.CreateDirectory(_folder["sandboxes/a"]);
        File.WriteAllText(_folder["sandboxes/a/sandbox.json"], text);
        var found = Assert.Single(_records.ReadAll());
        if (found.Checkpoint is { } checkpoint)
        {
            Assert.Throws<InvalidDataException>(() => checkpoint.ToSandbox("a"));
        }
        else
        {
            Assert.NotNull(found.Error);
        }
    }

    [Fact]
    public void Quarantine_MovesTheWholeFolder()
    {
        Directory.CreateDirectory(_folder["sandboxes/a"]);
        var moved = _records.Quarantine("a", DateTimeOffset.UnixEpoch);
        Assert.True(Directory.Exists(moved));
        Assert.Empty(_records.ReadAll());
    }

    [Fact]
    public void Delete_Missing_IsFine() => _records.Delete("nothing");

    private static Sandbox NewSandbox() => new()
    {
        Id = new string('a', IdGenerator.Length),
        Config = new PodSandboxConfig { Metadata = new PodSandboxMetadata { Name = "p", Uid = "u", Namespace = "n" }, Labels = { { "a", "b" } } },
        RuntimeHandler = "",
        CreatedAt = 1,
        ReadyAt = 2,
        StoppedAt = 3,
        Released = true,
        Addresses = ["10.0.0.2", "fd00::2"],
        InitPid = 4,
        InitStartTime = 5,
    };
}
