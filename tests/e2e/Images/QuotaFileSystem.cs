using CriShim.TestKit;

namespace CriShim.E2e.Images;

/// <summary>A small file system in a file, mounted for one test.</summary>
internal sealed class QuotaFileSystem : IDisposable
{
    private readonly TempFolder _folder = new("crishim-quota-");

    /// <param name="make">Program and options that make the file system.</param>
    /// <param name="options">Of mount(8).</param>
    public QuotaFileSystem(string[] make, string options)
    {
        var image = _folder.Combine("image");
        using (var file = File.Create(image))
        {
            file.SetLength(512 << 20);
        }

        Directory.CreateDirectory(Path);
        Command.Output(make[0], [.. make[1..], image]);
        IsMounted = Command.Run("mount", "-o", options, image, Path).ExitCode == 0;
    }

    public string Path => _folder.Combine("mounted");

    /// <summary>False where the kernel was built without quotas of such a file system.</summary>
    public bool IsMounted { get; }

    public static QuotaFileSystem Ext4() => new(["mkfs.ext4", "-q", "-O", "project,quota", "-E", "quotatype=prjquota"], "loop,prjquota");

    public static QuotaFileSystem Xfs() => new(["mkfs.xfs", "-q"], "loop,prjquota");

    /// <summary>Project numbers are kept on files, but nothing is counted.</summary>
    public static QuotaFileSystem XfsWithoutQuota() => new(["mkfs.xfs", "-q"], "loop");

    public void Dispose()
    {
        if (IsMounted)
        {
            Command.Output("umount", Path);
        }

        _folder.Dispose();
    }
}
