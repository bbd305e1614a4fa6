using CriShim.Linux;
using Microsoft.Win32.SafeHandles;
using static CriShim.Linux.LibC.Files;

namespace CriShim.CriServer.RuntimeClient;

/// <summary>Starts processes of crishim-runtime with a control connection as fd 3, and collects their ends.</summary>
internal sealed class RuntimeProcess(RuntimeBinary binary, IoLoop io)
{
    /// <param name="role">The sub-command.</param>
    /// <param name="errorLog">File that standard error is appended to; null: /dev/null.</param>
    /// <param name="arguments">What follows the role.</param>
    /// <returns>This side of the connection.</returns>
    public ControlChannel Start(string role, string? errorLog, params string[] arguments)
    {
        var (ours, theirs) = SeqPacketSocket.CreatePair();
        try
        {
            using var errors = errorLog is null ? null : Fd.Open(errorLog, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW, 0x180 /* 0600 */);
            using (theirs)
            {
                List<(int, SafeFileHandle)> fds = [(Runtime.Contract.ControlMessage.InitialFd, theirs.Handle)];
                if (errors is not null)
                {
                    fds.Add((2, errors));
                }

                var child = ChildProcess.Start(new ChildProcessOptions(binary.Path, [binary.Name, role, .. arguments]) { Fds = fds, NewSession = true });
                io.Post(() => io.Loop.Add(child.PidFd.Handle, EpollEvents.Read, _ => Reap(child)));
            }

            return new ControlChannel(ours);
        }
        catch
        {
            ours.Dispose();
            throw;
        }
    }

    private void Reap(ChildProcess child)
    {
        io.Loop.Remove(child.PidFd.Handle);
        _ = child.PidFd.TryReap();
        child.Dispose();
    }
}
