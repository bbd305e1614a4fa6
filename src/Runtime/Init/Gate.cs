using CriShim.Linux;
using static CriShim.Linux.LibC.Polling;

namespace CriShim.Runtime.Init;

/// <summary>Where an init waits for the `start` of another process.</summary>
internal static class Gate
{
    public static InitChannel AwaitOrder(SeqPacketSocket gate)
    {
        while (true)
        {
            AwaitConnection(gate);
            if (gate.Accept() is not { } connection)
            {
                continue;
            }

            var channel = new InitChannel(connection);
            using var order = channel.Receive();
            if (order.Kind == InitMessage.Start)
            {
                return channel;
            }

            channel.Dispose();
        }
    }

    private static void AwaitConnection(SeqPacketSocket gate)
    {
        Span<pollfd> entry = [new pollfd { fd = (int)gate.Handle.DangerousGetHandle(), events = POLLIN }];
        if (poll(entry, 1, -1) < 0 && Check.LastErrno is var errno && errno != Errno.EINTR)
        {
            throw new LinuxException(errno, "poll");
        }
    }
}
