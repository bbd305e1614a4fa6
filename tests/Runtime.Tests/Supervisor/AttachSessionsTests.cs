using System.Text;
using CriShim.Linux;
using CriShim.Runtime.Contract;
using CriShim.Runtime.Logging;
using CriShim.Runtime.Supervisor;
using Microsoft.Win32.SafeHandles;

namespace CriShim.Runtime.Tests.Supervisor;

/// <summary>Clients as the supervisor sees them: pipes whose other ends the test holds.</summary>
public sealed class AttachSessionsTests : IDisposable
{
    private readonly EpollLoop _loop = new();
    private readonly PipePair _program = PipePair.Create();
    private readonly List<IDisposable> _owned = [];

    public void Dispose()
    {
        _owned.ForEach(item => item.Dispose());
        _program.Dispose();
        _loop.Dispose();
    }

    [Fact]
    public void Write_TwoClients_BothGetIt()
    {
        var world = new World(this, endsWithFirst: false);
        var first = world.Attach("a", stdout: true);
        var second = world.Attach("b", stdout: true);
        world.Sessions.Write(LogStream.Stdout, "text"u8);
        world.Sessions.Write(LogStream.Stderr, "other"u8);
        Assert.Equal("text", Read(first.Stdout!.Reader));
        Assert.Equal("text", Read(second.Stdout!.Reader));
    }

    [Fact]
    public void Write_ClientIsFull_IsDroppedAndTold()
    {
        var world = new World(this, endsWithFirst: false);
        var slow = world.Attach("slow", stdout: true);
        for (var i = 0; i < 20; i++)
        {
            world.Sessions.Write(LogStream.Stdout, new byte[10_000]);
        }

        var ended = Assert.IsType<AttachEndedEvent>(world.NextEvent());
        Assert.Equal("slow", ended.AttachId);
        Assert.Contains("slower", ended.Error, StringComparison.Ordinal);
        Assert.InRange(ReadToEnd(slow.Stdout!.Reader), 50_000, 64 * 1024);
    }

    /// <summary>The end of the slow client's input is the program's, and so that of a client that has nothing but its input.</summary>
    [Fact]
    public void Write_DroppedClientTakesAnotherAlong_TheOthersGetAllOnce()
    {
        var world = new World(this, endsWithFirst: true);
        world.Attach("input only", stdin: true);
        var good = world.Attach("good", stdout: true);
        world.Attach("slow", stdin: true, stdout: true);
        var last = world.Attach("last", stdout: true);
        var taken = (0, 0);
        const int pieces = 20;
        for (var i = 0; i < pieces; i++)
        {
            world.Sessions.Write(LogStream.Stdout, new byte[10_000]);
            taken = (taken.Item1 + Read(good.Stdout!.Reader).Length, taken.Item2 + Read(last.Stdout!.Reader).Length);
        }

        Assert.Equal((pieces * 10_000, pieces * 10_000), taken);
        var ended = new[] { world.NextEvent(), world.NextEvent() }.Cast<AttachEndedEvent>().Select(e => e.AttachId);
        Assert.Equal(["input only", "slow"], ended.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Loop_ClientCloses_IsForgotten()
    {
        var world = new World(this, endsWithFirst: false);
        var client = world.Attach("a", stdout: true);
        client.Stdout!.Reader.Dispose();
        _loop.RunOnce(1000);
        Assert.Equal(new AttachEndedEvent("a", null), world.NextEvent());
    }

    [Fact]
    public void Loop_InputOfTwoClients_ReachesTheProgram()
    {
        var world = new World(this, endsWithFirst: false);
        var first = world.Attach("a", stdin: true, stdout: true);
        var second = world.Attach("b", stdin: true);
        Fd.WriteAll(first.Stdin!.Writer, "one "u8);
        _loop.RunOnce(1000);
        first.Stdin.Writer.Dispose();
        Fd.WriteAll(second.Stdin!.Writer, "two"u8);
        _loop.RunOnce(1000);
        _loop.RunOnce(100);
        Assert.Equal("one two", Read(_program.Reader));

        // Its output goes on.
        world.Sessions.Write(LogStream.Stdout, "x"u8);
        Assert.Equal("x", Read(first.Stdout!.Reader));
    }

    [Fact]
    public void Loop_FirstInputEndsAndIsTheOnly_ProgramsEnds()
    {
        var world = new World(this, endsWithFirst: true);
        var first = world.Attach("a", stdin: true, stdout: true);
        var second = world.Attach("b", stdin: true, stdout: true);
        Fd.WriteAll(first.Stdin!.Writer, "last"u8);
        _loop.RunOnce(1000);
        first.Stdin.Writer.Dispose();
        _loop.RunOnce(1000);
        Assert.Equal(4, ReadToEnd(_program.Reader));
        Assert.Throws<LinuxException>(() => Fd.WriteAll(second.Stdin!.Writer, "nobody"u8));
    }

    /// <summary>A client that has left while the program's pipe is full must not be reported again and again.</summary>
    [Fact]
    public void Loop_ProgramDoesNotRead_WaitsWithoutSpinning()
    {
        var world = new World(this, endsWithFirst: false);
        var client = world.Attach("a", stdin: true, stdout: true);
        PipePair.SetNonBlocking(client.Stdin!.Writer);
        var chunk = new byte[64 * 1024];
        for (var i = 0; i < 10; i++)
        {
            Fd.TryWrite(client.Stdin.Writer, chunk, out _);
            _loop.RunOnce(20);
        }

        client.Stdin.Writer.Dispose();
        var clock = System.Diagnostics.Stopwatch.StartNew();
        _loop.RunOnce(200);
        Assert.True(clock.ElapsedMilliseconds >= 150, $"{clock.Elapsed}");
        var begin = Read(_program.Reader).Length;
        _loop.RunOnce(1000);
        _loop.RunOnce(1000);
        Assert.True(begin > 0 && Read(_program.Reader).Length > 0);
    }

    [Fact]
    public void Attach_WrongDescriptorsOrTooMany_IsRefused()
    {
        var world = new World(this, endsWithFirst: false);
        Assert.Equal(
            RuntimeErrorKind.InvalidArgument,
            Assert.Throws<RuntimeException>(() => world.Sessions.Attach(new AttachRequest("x", true, true, false), [_program.Writer], world.Owner)).Error.Kind);
        Assert.Throws<RuntimeException>(() => world.Sessions.Attach(new AttachRequest("x", false, false, false), [], world.Owner));
        for (var i = 0; i < AttachSessions.MaxClients; i++)
        {
            world.Attach($"{i}", stdout: true);
        }

        Assert.Equal(RuntimeErrorKind.ResourceExhausted, Assert.Throws<RuntimeException>(() => world.Attach("more", stdout: true)).Error.Kind);
    }

    private static string Read(SafeFileHandle reader)
    {
        var buffer = new byte[256 * 1024];
        PipePair.SetNonBlocking(reader);
        var count = Fd.Read(reader, buffer);
        return count < 0 ? "" : Encoding.UTF8.GetString(buffer, 0, count);
    }

    private static int ReadToEnd(SafeFileHandle reader)
    {
        var buffer = new byte[256 * 1024];
        var total = 0;
        for (var count = Fd.Read(reader, buffer); count > 0; count = Fd.Read(reader, buffer))
        {
            total += count;
        }

        return total;
    }

    private sealed record Client(PipePair? Stdin, PipePair? Stdout);

    private sealed class World : IDisposable
    {
        private readonly AttachSessionsTests _test;
        private readonly ControlChannel _server;

        public World(AttachSessionsTests test, bool endsWithFirst)
        {
            _test = test;
            var (ours, theirs) = SeqPacketSocket.CreatePair();
            _server = new ControlChannel(ours);
            Owner = new ControlConnection(test._loop, new ControlChannel(theirs), (_, packet) => packet.Dispose(), _ => { });
            Sessions = new AttachSessions(test._loop, new ContainerInput(test._loop, test._program.Writer, endsWithFirst));
            test._owned.AddRange([Sessions, Owner, this]);
        }

        public ControlConnection Owner { get; }

        public AttachSessions Sessions { get; }

        public void Dispose() => _server.Dispose();

        public Client Attach(string id, bool stdin = false, bool stdout = false)
        {
            var client = new Client(stdin ? PipePair.Create() : null, stdout ? PipePair.Create() : null);
            SafeFileHandle?[] ends = [client.Stdin?.Reader, client.Stdout?.Writer];
            Sessions.Attach(new AttachRequest(id, stdin, stdout, Stderr: false), [.. ends.OfType<SafeFileHandle>()], Owner);
            client.Stdin?.Reader.Dispose();
            client.Stdout?.Writer.Dispose();
            _test._owned.AddRange(new IDisposable?[] { client.Stdin, client.Stdout }.OfType<IDisposable>());
            return client;
        }

        public ControlMessage NextEvent()
        {
            using var packet = _server.Receive()!;
            return ControlCodec.Decode(packet.Bytes);
        }
    }
}
