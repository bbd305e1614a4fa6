namespace CriShim.CriServer.Containers.Dumps;

/// <summary>Files with what was in a container's memory: for root alone.</summary>
internal static class PrivateFile
{
    /// <summary>Makes a new file, mode 0600, to be written.</summary>
    /// <exception cref="IOException">It exists.</exception>
    public static FileStream Create(string path) => new(path, new FileStreamOptions
    {
        Mode = FileMode.CreateNew,
        Access = FileAccess.Write,
        UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        BufferSize = 0,
    });
}
