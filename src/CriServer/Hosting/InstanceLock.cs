using CriShim.CriServer.Errors;

namespace CriShim.CriServer.Hosting;

/// <summary>Held while a server uses a root folder: two on one would undo each other's work.</summary>
internal sealed class InstanceLock : IDisposable
{
    private readonly FileStream _file;

    private InstanceLock(FileStream file) => _file = file;

    /// <exception cref="CriException">Another process holds the lock.</exception>
    public static InstanceLock Take(string root)
    {
        try
        {
            // FileShare.None takes flock(2), which ends with the process.
            return new InstanceLock(new FileStream(Path.Combine(root, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (IOException e)
        {
            throw new CriException(CriErrorKind.FailedPrecondition, $"failed to lock \"{root}\": another server uses it", e);
        }
    }

    public void Dispose() => _file.Dispose();
}
