using CriShim.CriServer.Security;
using CriShim.Linux;
using static CriShim.Linux.LibC.Files;

namespace CriShim.CriServer.Sandboxes;

/// <summary>
/// The files that a pod's containers find in /etc unless the client mounts its own: they lie in the sandbox's folder and go with it.
/// </summary>
/// <param name="Folder">The sandbox's folder under the state folder.</param>
internal sealed record SandboxFiles(string Folder)
{
    private const uint WorldReadable = 0x1A4; // 0644

    public string Hosts => Path.Combine(Folder, "hosts");

    public string Hostname => Path.Combine(Folder, "hostname");

    public string ResolvConf => Path.Combine(Folder, "resolv.conf");

    /// <summary>Writes all three; the folder exists. Not synced: the folder does not outlive a reboot.</summary>
    public void Write(string hosts, string hostname, string resolvConf)
    {
        Write(Hosts, hosts);
        Write(Hostname, hostname + "\n");
        Write(ResolvConf, resolvConf);
    }

    /// <summary>For a pod with a user namespace: its root may change them.</summary>
    public void SetOwner(uint uid, uint gid)
    {
        foreach (var path in (ReadOnlySpan<string>)[Hosts, Hostname, ResolvConf])
        {
            using var file = Fd.Open(path, O_RDONLY | O_NOFOLLOW);
            Check.Result(fchown(file, uid, gid), "fchown", path);
        }
    }

    /// <summary>SELinux context of all three.</summary>
    public void SetLabel(string label)
    {
        foreach (var path in (ReadOnlySpan<string>)[Hosts, Hostname, ResolvConf])
        {
            SelinuxFiles.Label(path, label);
        }
    }

    private static void Write(string path, string text) =>
        AtomicFile.Write(path, System.Text.Encoding.UTF8.GetBytes(text), WorldReadable, durable: false);
}
