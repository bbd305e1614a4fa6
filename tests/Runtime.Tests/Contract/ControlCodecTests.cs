using System.Text;
using CriShim.Oci.RuntimeSpec;
using CriShim.Runtime.Contract;

namespace CriShim.Runtime.Tests.Contract;

public sealed class ControlCodecTests
{
    public static TheoryData<ControlMessage> Messages =>
    [
        new CreateRequest("c1", "/run/x/containers/c1", "/var/log/x/0.log", 16384, OpenStdin: true, StdinOnce: false) { Sequence = 1 },
        new StartRequest { Sequence = 2 },
        new KillRequest(15, All: true) { Sequence = 3 },
        new ReopenLogRequest { Sequence = 4 },
        new ExecKillRequest("e1") { Sequence = 6 },
        new OkReply { Sequence = 7 },
        new ErrorReply(new RuntimeError(RuntimeErrorKind.NotFound, "gone", "step", 2, "open")) { Sequence = 8 },
        new CreatedReply(new SupervisorRecord(10, 11, 12, 13)) { Sequence = 9 },
        new ExecStartedReply("e1", 77) { Sequence = 10 },
        new ExitedEvent(new ExitRecord(137, 9, true, 1, 2)),
        new ExecExitedEvent("e1", 0, 0),
    ];

    [Theory]
    [MemberData(nameof(Messages))]
    public void Decode_EncodedMessage_GivesItBack(ControlMessage message)
    {
        var bytes = ControlCodec.Encode(message);
        Assert.Equal(message, ControlCodec.Decode(bytes));
        Assert.Equal((byte)'{', bytes[0]);
    }

    [Fact]
    public void Decode_ExecRequest_KeepsEnvironmentBytes()
    {
        byte[] variable = [.. "A="u8, 0xff, 0xfe, (byte)'"'];
        var request = new ExecRequest("e1", new ProcessSpec { Args = ["/bin/true"], Env = [variable] }) { Sequence = 5 };
        var decoded = Assert.IsType<ExecRequest>(ControlCodec.Decode(ControlCodec.Encode(request)));
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
        var error = Assert.Throws<RuntimeException>(() => ControlCodec.Decode(Encoding.UTF8.GetBytes(text)));
        Assert.Equal(RuntimeErrorKind.InvalidArgument, error.Error.Kind);
    }
}
