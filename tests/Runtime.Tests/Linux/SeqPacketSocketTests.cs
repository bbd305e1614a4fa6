using CriShim.Linux;
using static CriShim.Linux.LibC.Files;

namespace CriShim.Runtime.Tests.Linux;

public sealed class SeqPacketSocketTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("crishim-test-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Receive_TwoMessages_KeepsTheirBounds()
    {
        var (left, right) = SeqPacketSocket.CreatePair();
        using (left)
        using (right)
        {
            left.Send("one"u8);
            left.Send("three"u8);
            Assert.Equal("one"u8.ToArray(), right.Receive()!.Bytes);
            Assert.Equal("three"u8.ToArray(), right.Receive()!.Bytes);
            Assert.Null(right.Receive(wait: false));
        }
    }

    [Fact]
    public void Receive_WithDescriptors_GivesWorkingCloseOnExecOnes()
    {
        var (left, right) = SeqPacketSocket.CreatePair();
        using (left)
        using (right)
        using (var pipe = PipePair.Create())
        {
            left.Send("fds"u8, [pipe.Reader, pipe.Writer]);
            using var packet = right.Receive()!;
            Assert.Equal(2, packet.Fds.Count);
            Fd.WriteAll(packet.Fds[1], "through"u8);
            var buffer = new byte[16];
            Assert.Equal(7, Fd.Read(packet.Fds[0], buffer));
            var flags = File.ReadAllText($"/proc/self/fdinfo/{packet.Fds[0].DangerousGetHandle()}");
            Assert.Contains("02000000", flags, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Receive_PeerClosed_GivesEnd()
    {
        var (left, right) = SeqPacketSocket.CreatePair();
        using (right)
        {
            left.Send("last"u8);
            left.Dispose();
            Assert.False(right.Receive()!.IsEnd);
            Assert.True(right.Receive()!.IsEnd);
        }
    }

    /// <summary>An init that fails closes with orders unread; why it failed must not be lost.</summary>
    [Fact]
    public void Receive_PeerClosedWithMessagesUnread_GivesWhatItSent()
    {
        var (left, right) = SeqPacketSocket.CreatePair();
        using (right)
        {
            right.Send("order"u8);
            left.Send("why"u8);
            left.Dispose();
            Assert.Equal("why"u8.ToArray(), right.Receive()!.Bytes);
            Assert.True(right.Receive()!.IsEnd);
        }
    }

    [Fact]
    public void Send_PeerClosed_FailsWithPipeError()
    {
        var (left, right) = SeqPacketSocket.CreatePair();
        right.Dispose();
        using (left)
        {
            Assert.Equal(Errno.EPIPE, Assert.Throws<LinuxException>(() => left.Send("x"u8)).Errno);
        }
    }

    [Fact]
    public void Send_QueueFullWithoutWaiting_AnswersFalse()
    {
        var (left, right) = SeqPacketSocket.CreatePair();
        using (left)
        using (right)
        {
            var sent = 0;
            while (left.Send(new byte[1024], wait: false) && sent < 10_000)
            {
                sent++;
            }

            Assert.InRange(sent, 1, 9_999);
        }
    }

    [Theory]
    [InlineData(8)]
    [InlineData(200)]
    public void Connect_PathOfAnyLength_ReachesListener(int folderNameLength)
    {
        var folder = Directory.CreateDirectory(Path.Combine(_folder, new string('d', folderNameLength)));
        var path = Path.Combine(folder.FullName, "control.sock");
        using var listener = SeqPacketSocket.Listen(path);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
        Assert.Null(listener.Accept());

        using var client = SeqPacketSocket.Connect(path);
        using var server = listener.Accept();
        client.Send("hello"u8);
        Assert.Equal("hello"u8.ToArray(), server!.Receive()!.Bytes);
        Assert.Equal(Environment.IsPrivilegedProcess, server.PeerUserId == 0);
    }

    [Fact]
    public void Connect_NobodyListens_NamesThePath()
    {
        var path = Path.Combine(_folder, "none.sock");
        var error = Assert.Throws<LinuxException>(() => SeqPacketSocket.Connect(path));
        Assert.Equal(Errno.ENOENT, error.Errno);
        Assert.Contains(path, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ControlChannel_LongMessageWithDescriptor_ArrivesWhole()
    {
        var (left, right) = SeqPacketSocket.CreatePair();
        using var sender = new ControlChannel(left);
        using var receiver = new ControlChannel(right);
        using var file = Fd.Open("/dev/null", O_RDWR);
        var message = new byte[3 * 1024 * 1024];
        Random.Shared.NextBytes(message);
        sender.Send(message, [file]);
        using var packet = receiver.Receive()!;
        Assert.Equal(message, packet.Bytes);
        Assert.Single(packet.Fds);
    }
}
