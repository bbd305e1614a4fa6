using CriShim.Cri.V1;
using CriShim.CriServer.Errors;
using CriShim.CriServer.Sandboxes;
using CriShim.CriServer.State;
using CriShim.CriServer.Streaming;
using CriShim.CriServer.Streaming.Sessions;
using CriShim.CriServer.Tests.Fakes;

namespace CriShim.CriServer.Tests.Streaming;

public sealed class OpenSessionTests : IDisposable
{
    private static readonly string s_running = new('1', IdGenerator.Length);
    private static readonly string s_created = new('2', IdGenerator.Length);
    private static readonly string s_ready = new('3', IdGenerator.Length);
    private static readonly string s_stopped = new('4', IdGenerator.Length);

    private readonly ContainerWorld _world = new();
    private readonly SessionTokens _tokens = new(10, new FakeTime());
    private readonly OpenSession _open;

    public OpenSessionTests()
    {
        _world.Add('1');
        _world.Add('2', started: false);
        var sandboxes = new SandboxStore(_ => { });
        sandboxes.Add(NewSandbox(s_ready, 0));
        sandboxes.Add(NewSandbox(s_stopped, 3));
        _open = new OpenSession(_world.Containers, sandboxes, _tokens, () => new Uri("http://127.0.0.1:1/"));
    }

    public void Dispose() => _world.Dispose();

    [Fact]
    public void Exec_Good_GivesAUrlWhoseTokenHasTheRequest()
    {
        var url = new Uri(_open.Exec(new ExecRequest { ContainerId = s_running[..8], Cmd = { "a", "b" }, Stdin = true, Tty = true }).Url);
        Assert.Equal("/exec/", url.Segments[0] + url.Segments[1]);
        var request = Assert.IsType<CommandRequest>(_tokens.Take("exec", url.Segments[2]));
        Assert.Equal((s_running, "a b", true, true, false), (request.ContainerId, string.Join(' ', request.Command), request.Tty, request.Stdin, request.Stdout));
    }

    [Theory]
    [InlineData("", false, false, true, CriErrorKind.InvalidArgument)]
    [InlineData("1", false, false, false, CriErrorKind.InvalidArgument)]
    [InlineData("1", true, true, true, CriErrorKind.InvalidArgument)]
    [InlineData("2", false, false, true, CriErrorKind.FailedPrecondition)]
    [InlineData("9", false, false, true, CriErrorKind.NotFound)]
    public void ExecAndAttach_Wrong_SayHow(string digit, bool tty, bool stderr, bool stdout, CriErrorKind expected)
    {
        var id = digit.Length == 0 ? "" : new string(digit[0], IdGenerator.Length);
        var exec = new ExecRequest { ContainerId = id, Cmd = { "true" }, Tty = tty, Stderr = stderr, Stdout = stdout };
        var attach = new AttachRequest { ContainerId = id, Tty = tty, Stderr = stderr, Stdout = stdout };
        Assert.Equal(expected, Assert.Throws<CriException>(() => _open.Exec(exec)).Kind);
        Assert.Equal(expected, Assert.Throws<CriException>(() => _open.Attach(attach)).Kind);
    }

    [Fact]
    public void Exec_NoCommand_IsInvalid() =>
        Assert.Equal(CriErrorKind.InvalidArgument, Assert.Throws<CriException>(() => _open.Exec(new ExecRequest { ContainerId = s_running, Stdout = true })).Kind);

    [Fact]
    public void PortForward_Good_GivesAUrlWhoseTokenHasThePorts()
    {
        var url = new Uri(_open.PortForward(new PortForwardRequest { PodSandboxId = s_ready, Port = { 80, 65535 } }).Url);
        Assert.Equal([80, 65535], Assert.IsType<PortsRequest>(_tokens.Take("portforward", url.Segments[2])).Ports);
    }

    [Theory]
    [InlineData("", 80, CriErrorKind.InvalidArgument)]
    [InlineData("3", 0, CriErrorKind.InvalidArgument)]
    [InlineData("3", 65536, CriErrorKind.InvalidArgument)]
    [InlineData("4", 80, CriErrorKind.FailedPrecondition)]
    [InlineData("9", 80, CriErrorKind.NotFound)]
    public void PortForward_Wrong_SaysHow(string digit, int port, CriErrorKind expected)
    {
        var id = digit.Length == 0 ? "" : new string(digit[0], IdGenerator.Length);
        var request = new PortForwardRequest { PodSandboxId = id, Port = { port } };
        Assert.Equal(expected, Assert.Throws<CriException>(() => _open.PortForward(request)).Kind);
    }

    private static Sandbox NewSandbox(string id, long stoppedAt) => new()
    {
        Id = id,
        Config = new PodSandboxConfig { Metadata = new PodSandboxMetadata { Name = "p" + id[0] } },
        RuntimeHandler = "",
        CreatedAt = 1,
        ReadyAt = 2,
        StoppedAt = stoppedAt,
    };
}
