using System.Text;
using CriShim.Linux;

namespace CriShim.Cgroups.Systemd;

/// <summary>
/// A client's connection to a message bus (D-Bus specification): SASL EXTERNAL, by which the kernel vouches for our user id, then Hello, then
/// calls. One call at a time; signals that come between are kept until they are asked for. Not thread-safe.
/// <code>
/// NUL "AUTH EXTERNAL" "DATA" ->    "DATA" &lt;-  "OK …" &lt;-    "BEGIN" ->    Hello -> our name    call -> return or error ; signals
/// </code>
/// Throws <see cref="LinuxException"/> when the connection is broken or an answer takes too long, <see cref="DBusException"/> for an error
/// that a service answers.
/// </summary>
internal sealed class DBusConnection : IDisposable
{
    private const string BusName = "org.freedesktop.DBus";
    private const string BusPath = "/org/freedesktop/DBus";
    private const int LongestAnswerLine = 512;

    private readonly StreamSocket _socket;
    private readonly TimeSpan _timeout;
    private readonly Queue<DBusMessage> _signals = [];
    private uint _serial;

    private DBusConnection(StreamSocket socket, TimeSpan timeout)
    {
        _socket = socket;
        _timeout = timeout;
    }

    private long Deadline => Environment.TickCount64 + (long)_timeout.TotalMilliseconds;

    /// <param name="timeout">For each answer.</param>
    public static DBusConnection Open(string socketPath, TimeSpan timeout)
    {
        var connection = new DBusConnection(StreamSocket.Connect(socketPath), timeout);
        try
        {
            connection.Authenticate();
            connection.Call(new DBusCall(BusName, BusPath, BusName, "Hello"));
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>Has the bus deliver the signals that match.</summary>
    public void Match(string rule) =>
        Call(new DBusCall(BusName, BusPath, BusName, "AddMatch") { Signature = "s", Body = new DBusWriter().String(rule) });

    /// <summary>Calls a method; its answer's body can be read from the result.</summary>
    public DBusMessage Call(DBusCall call)
    {
        var serial = ++_serial;
        var deadline = Deadline;
        _socket.Send(call.Marshal(serial), deadline);
        while (true)
        {
            var message = Receive(deadline);
            if (message.Type == DBusMessage.Signal)
            {
                _signals.Enqueue(message);
            }
            else if (message.ReplySerial == serial)
            {
                return message.Type == DBusMessage.MethodReturn ? message : throw new DBusException(call.Member, message.ErrorName, TextOf(message));
            }
        }
    }

    /// <summary>The next signal, one that came during a call first.</summary>
    public DBusMessage NextSignal(long deadline)
    {
        if (_signals.TryDequeue(out var kept))
        {
            return kept;
        }

        while (true)
        {
            if (Receive(deadline) is { Type: DBusMessage.Signal } message)
            {
                return message;
            }
        }
    }

    public void Dispose() => _socket.Dispose();

    private static string TextOf(DBusMessage error)
    {
        try
        {
            return error.ReadString();
        }
        catch (ArgumentOutOfRangeException)
        {
            return "";
        }
    }

    private void Authenticate()
    {
        var deadline = Deadline;
        _socket.Send("\0AUTH EXTERNAL\r\nDATA\r\n"u8, deadline);
        var answer = ReadLine(deadline);
        answer = answer.StartsWith("DATA", StringComparison.Ordinal) ? ReadLine(deadline) : answer;
        if (!answer.StartsWith("OK ", StringComparison.Ordinal))
        {
            throw new DBusException("AUTH", "", $"\"{answer}\"");
        }

        _socket.Send("BEGIN\r\n"u8, deadline);
    }

    /// <summary>Byte by byte: what follows the line belongs to the messages.</summary>
    private string ReadLine(long deadline)
    {
        var line = new StringBuilder();
        Span<byte> next = stackalloc byte[1];
        while (line.Length < LongestAnswerLine && _socket.Receive(next, deadline) == 1)
        {
            if (next[0] == '\n')
            {
                return line.ToString().TrimEnd('\r');
            }

            line.Append((char)next[0]);
        }

        throw new LinuxException(Errno.ECONNRESET, "authenticate with the message bus");
    }

    private DBusMessage Receive(long deadline)
    {
        var message = new byte[DBusMessage.FixedHeaderBytes];
        Fill(message, deadline);
        var total = DBusMessage.TotalBytes(message);
        Array.Resize(ref message, total);
        Fill(message.AsSpan(DBusMessage.FixedHeaderBytes), deadline);
        return new DBusMessage(message);
    }

    private void Fill(Span<byte> buffer, long deadline)
    {
        while (!buffer.IsEmpty)
        {
            var count = _socket.Receive(buffer, deadline);
            buffer = count > 0 ? buffer[count..] : throw new LinuxException(Errno.ECONNRESET, "read from the message bus");
        }
    }
}
