using CriShim.Linux;
using CriShim.Runtime.Contract;

namespace CriShim.Runtime.Criu;

/// <summary>
/// The server's say while it has a container saved: a thread waits for its one message, since it may give the dump up at any time. A server
/// that is gone gives it up too.
/// </summary>
internal sealed class DumpWatch(ControlChannel channel) : ICheckpointWatch
{
    private readonly object _gate = new();
    private CriuProcess? _criu;
    private bool? _isWanted;

    public void Start() => new Thread(Listen) { IsBackground = true, Name = "watch" }.Start();

    public void Begin(CriuProcess criu)
    {
        lock (_gate)
        {
            _criu = criu;
            if (_isWanted != false)
            {
                return;
            }
        }

        criu.Abandon();
    }

    public bool OnSaved()
    {
        try
        {
            channel.Send(ControlWriter.Write(new HeldEvent()));
        }
        catch (LinuxException)
        {
            return false;
        }

        lock (_gate)
        {
            while (_isWanted is null)
            {
                Monitor.Wait(_gate);
            }

            return _isWanted.Value;
        }
    }

    private void Listen()
    {
        var isWanted = ReadWord();
        CriuProcess? criu;
        lock (_gate)
        {
            _isWanted = isWanted;
            criu = _criu;
            Monitor.PulseAll(_gate);
        }

        if (!isWanted)
        {
            criu?.Abandon();
        }
    }

    private bool ReadWord()
    {
        try
        {
            using var packet = channel.Receive();
            return packet is { IsEnd: false } && ControlReader.Read(packet.Bytes) is ReleaseRequest { Discard: false };
        }
        catch (Exception e) when (e is LinuxException or RuntimeException)
        {
            // Not to be understood: not wanted.
            return false;
        }
    }
}
