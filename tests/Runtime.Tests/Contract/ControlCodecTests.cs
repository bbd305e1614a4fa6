using System.Text;
using System.Text.Json;
using CriShim.Oci.RuntimeSpec;
using CriShim.Runtime.Contract;

namespace CriShim.Runtime.Tests.Contract;

public sealed class ControlCodecTests
{
    public static TheoryData<ControlMessage> Requests =>
    [
        new CreateRequest("c1", "/run/x/containers/c1", "/var/log/x/0.log", 16384, OpenStdin: true, StdinOnce: false) { Sequence = 1 },
        new CreateRequest("c1", "/run/x/containers/c1", null, 0, OpenStdin: false, StdinOnce: true) { Sequence = long.MaxValue },
        new StartRequest { Sequence = 2 },
        new KillRequest(15, All: true) { Sequence = 3 },
        new ReopenLogRequest { Sequence = 4 },
        new CreateRequest("c1", "/run/x/containers/c1", "/var/log/x/c/0.log", 0, OpenStdin: false, StdinOnce: true, "/var/log/x") { Sequence = 1 },
        new ExecKillRequest("e1") { Sequence = 6 },
        new AttachRequest("a1", Stdin: true, Stdout: false, Stderr: true) { Sequence = 6 },
        new ResizeRequest(25, 80) { Sequence = 6 },
        new ConnectRequest(65535) { Sequence = 6 },
        new DumpRequest("c", "/f", 7, "/cg", "/i", "/w", "/criu") { Sequence = 7 },
        new ReleaseRequest(Discard: false) { Sequence = 8 },
    ];

    public static TheoryData<ControlMessage> Replies =>
    [
        new OkReply { Sequence = 7 },
        new ErrorReply(new RuntimeError(RuntimeErrorKind.NotFound, "gone \"x\"\n", "step", 2, "open")) { Sequence = 8 },
        new ErrorReply(new RuntimeError(RuntimeErrorKind.Unknown, "gone")) { Sequence = 8 },
        new CreatedReply(new SupervisorRecord(10, ulong.MaxValue, 12, 13)) { Sequence = 9 },
        new ExecStartedReply("e1", 77) { Sequence = 10 },
        new SandboxReply(5, 6) { Sequence = 11 },
        new ExitedEvent(new ExitRecord(137, 9, true, 1, 2)),
        new ExecExitedEvent("e1", 0, 0),
        new AttachEndedEvent("a1", null),
        new AttachEndedEvent("a1", "too \"slow\""),
    ];

    [Theory]
    [MemberData(nameof(Requests))]
    [MemberData(nameof(Replies))]
    public void Decode_EncodedMessage_GivesItBack(ControlMessage message)
    {
        var bytes = ControlCodec.Encode(message);
        Assert.Equal(message, ControlCodec.Decode(bytes));
        Assert.Equal((byte)'{', bytes[0]);
    }

    [Theory]
    [MemberData(nameof(Requests))]
    public void Read_EncodedRequest_GivesItBack(ControlMessage message) => Assert.Equal(message, ControlReader.Read(ControlCodec.Encode(message)));

    [Theory]
    [MemberData(nameof(Replies))]
    public void Decode_WrittenReply_GivesItBack(ControlMessage message) => Assert.Equal(message, ControlCodec.Decode(ControlWriter.Write(message)));

    [Theory]
    [InlineData(RuntimeErrorKind.Unknown)]
    [InlineData(RuntimeErrorKind.InvalidArgument)]
    [InlineData(RuntimeErrorKind.AlreadyExists)]
    [InlineData(RuntimeErrorKind.FailedPrecondition)]
    [InlineData(RuntimeErrorKind.ResourceExhausted)]
    [InlineData(RuntimeErrorKind.Unavailable)]
    [InlineData(RuntimeErrorKind.Unimplemented)]
    [InlineData(RuntimeErrorKind.DeadlineExceeded)]
    public void Write_EveryErrorKind_KeepsIt(RuntimeErrorKind kind)
    {
        var reply = ControlCodec.Decode(ControlWriter.Write(new ErrorReply(new RuntimeError(kind, "x"))));
        Assert.Equal(kind, Assert.IsType<ErrorReply>(reply).Error.Kind);
    }

    [Fact]
    public void Write_Records_AreReadByTheSerializer()
    {
        var exit = new ExitRecord(3, 0, false, 10, 20);
        var supervisor = new SupervisorRecord(1, 2, 3, 4);
        Assert.Equal(exit, JsonSerializer.Deserialize(ControlWriter.Write(exit), ContractJsonContext.Default.ExitRecord));
        Assert.Equal(supervisor, JsonSerializer.Deserialize(ControlWriter.Write(supervisor), ContractJsonContext.Default.SupervisorRecord));
    }

    [Fact]
    public void Write_Request_IsRefused() => Assert.Throws<ArgumentException>(() => ControlWriter.Write(new StartRequest()));

    [Fact]
    public void Read_SandboxRequest_KeepsEveryMember()
    {
        var request = new SandboxRequest(
            "s1",
            new Dictionary<string, string> { ["net"] = "/run/netns/x" },
            "host",
            new Dictionary<string, string> { ["net.core.somaxconn"] = "5" },
            [new IdMapping { ContainerID = 0, HostID = 100000, Size = 65536 }],
            [],
            "/pod",
            "/shm",
            64)
        { Sequence = 9 };
        var read = Assert.IsType<SandboxRequest>(ControlReader.Read(ControlCodec.Encode(request)));
        Assert.Equal(ControlCodec.Encode(request), ControlCodec.Encode(read));
    }

    [Fact]
    public void Decode_ExecRequest_KeepsEnvironmentBytes()
    {
        byte[] variable = [.. "A="u8, 0xff, 0xfe, (byte)'"'];
        var request = new ExecRequest("e1", new ProcessSpec { Args = ["/bin/true"], Env = [variable] }) { Sequence = 5 };
        var decoded = Assert.IsType<ExecRequest>(ControlReader.Read(ControlCodec.Encode(request)));
        Assert.Equal(variable, decoded.Process.Env!.Single());
        Assert.Equal(["/bin/true"], decoded.Process.Args!);
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("{")]
    [InlineData("{\"type\":\"unknown\"}")]
    [InlineData("{\"sequence\":1}")]
    [InlineData("[]")]
    public void Decode_Garbage_IsInvalidArgument(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        Assert.Equal(RuntimeErrorKind.InvalidArgument, Assert.Throws<RuntimeException>(() => ControlCodec.Decode(bytes)).Error.Kind);
        Assert.Equal(RuntimeErrorKind.InvalidArgument, Assert.Throws<RuntimeException>(() => ControlReader.Read(bytes)).Error.Kind);
    }
}
