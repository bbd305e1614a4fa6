using System.Net.Sockets;
using System.Text;
using CriShim.Cgroups.Systemd;

namespace CriShim.Runtime.Tests.Fakes;

/// <summary>
/// A message bus with systemd on it, on a socket in a folder of its own. Notes the calls by name; answers jobs as told. Its own marshalling
/// is by <see cref="DBusWriter"/>, whose bytes other tests hold against the specification's.
/// </summary>
internal sealed class FakeBus : IDisposable
{
    private const string Job = "/org/freedesktop/systemd1/job/7";
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("crishim-bus-");
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly List<Socket> _connections = [];
    private uint _serial = 100;

    public FakeBus()
    {
        SocketPath = Path.Combine(_folder.FullName, "bus");
        _listener.Bind(new UnixDomainSocketEndPoint(SocketPath));
        _listener.Listen();
        new Thread(Accept) { IsBackground = true }.Start();
    }

    public string SocketPath { get; }

    /// <summary>Members called, in order.</summary>
    public List<string> Calls { get; } = [];

    /// <summary>What JobRemoved says; null: it never comes.</summary>
    public string? JobResult { get; set; } = "done";

    /// <summary>Errors by member, each answered once.</summary>
    public Dictionary<string, string> Errors { get; } = [];

    /// <summary>Breaks all connections, as a bus that is restarted does.</summary>
    public void Break()
    {
        lock (_connections)
        {
            _connections.ForEach(connection => connection.Dispose());
            _connections.Clear();
        }
    }

    public void Dispose()
    {
        _listener.Dispose();
        Break();
        _folder.Delete(recursive: true);
    }

    private void Accept()
    {
        try
        {
            while (true)
            {
                var connection = _listener.Accept();
                lock (_connections)
                {
                    _connections.Add(connection);
                }

                new Thread(() => Serve(connection)) { IsBackground = true }.Start();
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
        }
    }

    private void Serve(Socket socket)
    {
        try
        {
            using var stream = new NetworkStream(socket);
            AssertLine(stream, "\0AUTH EXTERNAL");
            AssertLine(stream, "DATA");
            stream.Write("DATA\r\nOK 0123456789abcdef\r\n"u8);
            AssertLine(stream, "BEGIN");
            while (true)
            {
                Answer(stream, Read(stream));
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
        }
    }

    private void Answer(NetworkStream stream, (DBusMessage Message, uint Serial) call)
    {
        var member = call.Message.Member;
        Calls.Add(member);
        if (Errors.Remove(member, out var error))
        {
            Send(stream, DBusMessage.Error, call.Serial, [(DBusMessage.FieldErrorName, "s", error)], "s", new DBusWriter().String("no"));
            return;
        }

        var isJob = member is "StartTransientUnit" or "StopUnit";
        if (isJob && JobResult is not null)
        {
            // Somebody else's first; and before the answer to the call, as can be.
            Removed(stream, "/org/freedesktop/systemd1/job/6", "failed");
            Removed(stream, Job, JobResult);
        }

        Send(stream, DBusMessage.MethodReturn, call.Serial, [], isJob ? "o" : "", isJob ? new DBusWriter().String(Job) : new DBusWriter());
    }

    private void Removed(NetworkStream stream, string job, string result) => Send(
        stream,
        DBusMessage.Signal,
        0,
        [(DBusMessage.FieldMember, "s", "JobRemoved")],
        "uoss",
        new DBusWriter().UInt32(7).String(job).String("x.scope").String(result));

    private void Send(
        NetworkStream stream, byte type, uint replyTo, (byte Field, string Type, string Value)[] fields, string signature, DBusWriter body)
    {
        var message = new DBusWriter().Byte((byte)'l').Byte(type).Byte(0).Byte(1).UInt32((uint)body.Length).UInt32(++_serial);
        message.Array(8, writer =>
        {
            writer.Byte(DBusMessage.FieldReplySerial).Signature("u").UInt32(replyTo);
            writer.Align(8);
            writer.Byte(DBusMessage.FieldSignature).Signature("g").Signature(signature);
            foreach (var (field, fieldType, value) in fields)
            {
                writer.Align(8);
                writer.Byte(field).Signature(fieldType).String(value);
            }
        });
        message.Align(8);
        stream.Write(message.Raw(body.Written).Written);
    }

    private static (DBusMessage Message, uint Serial) Read(NetworkStream stream)
    {
        var bytes = new byte[DBusMessage.FixedHeaderBytes];
        stream.ReadExactly(bytes);
        Array.Resize(ref bytes, DBusMessage.TotalBytes(bytes));
        stream.ReadExactly(bytes.AsSpan(DBusMessage.FixedHeaderBytes));
        return (new DBusMessage(bytes), BitConverter.ToUInt32(bytes, 8));
    }

    private static void AssertLine(NetworkStream stream, string expected)
    {
        var line = new StringBuilder();
        for (var next = stream.ReadByte(); next is not ('\n' or -1); next = stream.ReadByte())
        {
            line.Append((char)next);
        }

        if (line.ToString().TrimEnd('\r') != expected)
        {
            throw new IOException($"not \"{expected}\" but \"{line}\"");
        }
    }
}
