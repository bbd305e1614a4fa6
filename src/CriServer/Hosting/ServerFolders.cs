using CriShim.CriServer.Configuration;
using CriShim.Runtime.Contract;

namespace CriShim.CriServer.Hosting;

/// <summary>The folders that everything else lies in, for root alone: programs in an image must not be reachable by other users.</summary>
internal static class ServerFolders
{
    public const UnixFileMode Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    public static void Prepare(CriServerOptions options)
    {
        var layout = new StateLayout(options.State);
        foreach (var folder in (string[])[options.Root, layout.Containers, layout.Sandboxes])
        {
            Directory.CreateDirectory(folder, Mode);
            File.SetUnixFileMode(folder, Mode); // a folder that was there, or a tight umask
        }
    }
}
