using CriShim.Linux;
using Microsoft.Win32.SafeHandles;

namespace CriShim.CriServer.RuntimeClient;

/// <summary>
/// crishim-runtime as the server executes it: through a read-only mount of its file that is attached nowhere and stays as long as the server
/// runs. What its processes have as /proc/PID/exe can then be written by nobody, whoever of a container gets hold of it and whenever
/// (CVE-2019-5736); and a file that an upgrade puts in its place counts from the server's next start.
/// </summary>
internal sealed class RuntimeBinary
{
    private const string DefaultName = "crishim-runtime";

    private readonly SafeFileHandle _image;

    private RuntimeBinary(string name, SafeFileHandle image)
    {
        Name = name;
        _image = image;
    }

    /// <summary>The first argument of its processes.</summary>
    public string Name { get; }

    /// <summary>What to execute. Not /proc/self: it is looked up by a child that has closed its descriptors.</summary>
    public string Path => $"/proc/{Environment.ProcessId}/fd/{_image.DangerousGetHandle()}";

    /// <summary>Throws <see cref="LinuxException"/> (ENOENT: no such file).</summary>
    /// <param name="configured">Absolute path; empty: beside this program's own executable.</param>
    public static RuntimeBinary Open(string configured)
    {
        var path = configured.Length > 0
            ? configured
            : System.IO.Path.Combine(System.IO.Path.GetDirectoryName(Environment.ProcessPath) ?? "/usr/bin", DefaultName);
        var image = DetachedMount.Clone(path, recursive: false);
        DetachedMount.MakeReadOnly(image, path);
        return new RuntimeBinary(System.IO.Path.GetFileName(path), image);
    }
}
