using System.Text;
using CriShim.Linux;
using CriShim.Oci.RuntimeSpec;
using CriShim.Runtime.Contract;
using static CriShim.Linux.LibC.Files;

namespace CriShim.Runtime.Containers;

/// <summary>
/// Whether a process's program is there, before it is to be executed: engines expect `create`, not `start`, to say that it is not.
/// Called inside the container. What cannot be seen is left to the execve.
/// </summary>
internal static class ProgramLookup
{
    private const uint AnyExecute = 0b001_001_001;

    /// <summary>Throws <see cref="RuntimeException"/> with the words of a failed execve.</summary>
    public static void Require(ProcessSpec process)
    {
        var cause = Errno.ENOENT;
        foreach (var candidate in ProcessProgram.Candidates(process.Args![0], process.Env))
        {
            try
            {
                using var file = Fd.Open(Encoding.UTF8.GetString(candidate), O_PATH);
                var status = FileStatus.Of(file);
                if (status.IsRegular && (status.Mode & AnyExecute) != 0)
                {
                    return;
                }

                cause = Errno.EACCES;
            }
            catch (LinuxException e) when (e.Errno is Errno.ENOENT or Errno.ENOTDIR)
            {
                // The next one.
            }
            catch (LinuxException)
            {
                return;
            }
        }

        throw new RuntimeException(ProcessProgram.Describe(new LinuxException(cause, ProcessProgram.ExecStep), process));
    }
}
