using CriShim.Runtime.Contract;
using CriShim.Runtime.Init;

namespace CriShim.Runtime.Containers;

/// <summary>Opens the gate that a created container's init waits at.</summary>
internal static class ContainerStarter
{
    /// <summary>Returns once the user's program runs.</summary>
    public static void Open(InitChannel channel, string id)
    {
        channel.Send(InitMessage.Start);
        AwaitProgram(channel, id);
    }

    /// <summary>Returns once the user's program runs: its execve closed the init's end of the channel.</summary>
    public static void AwaitProgram(InitChannel channel, string id)
    {
        using var answer = channel.Receive();
        switch (answer.Kind)
        {
            case InitMessage.End:
                return;
            case InitMessage.Error:
                throw new RuntimeException(answer.ReadError());
            default:
                throw new RuntimeException(RuntimeErrorKind.Unknown, $"failed to start container \"{id}\": unexpected answer {answer.Kind}");
        }
    }
}
