using System.Text;
using CriShim.CriServer.Configuration;
using CriShim.CriServer.Errors;
using CriShim.Linux;
using Microsoft.Extensions.Logging;
using static CriShim.Linux.LibC.Files;

namespace CriShim.CriServer.Images.Snapshots;

/// <summary>Chooses how roots are made by making one on the file system that will hold them; says what was chosen and why.</summary>
internal static class SnapshotBackends
{
    private const string ProbeName = ".trash-probe";

    // Best first. volatile (5.10): no sync of what a container wrote when it ends; it does not outlive the container anyway.
    private static readonly (string[] Options, bool LayerByLayer)[] s_forms =
        [(["volatile"], true), ([], true), (["volatile"], false), ([], false)];

    /// <param name="folder">Where snapshots will be; on the same file system as the layers.</param>
    /// <exception cref="CriException">FailedPrecondition: overlay is asked for and does not work.</exception>
    public static ISnapshotBackend Choose(string folder, ImageOptions options, ILogger log)
    {
        Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        if (options.Snapshotter == "copy")
        {
            ImageLog.SnapshotterChosen(log, "copy", "configured");
            return new CopyBackend();
        }

        var failure = "";
        foreach (var (flags, layerByLayer) in s_forms)
        {
            var backend = new OverlayBackend(flags, layerByLayer);
            try
            {
                Probe(backend, folder);
                ImageLog.SnapshotterChosen(log, "overlay", string.Join(' ', [layerByLayer ? "layer by layer" : "by string", .. flags]));
                return backend;
            }
            catch (IOException e)
            {
                failure = e.Message;
            }
        }

        if (options.Snapshotter == "overlay")
        {
            throw new CriException(CriErrorKind.FailedPrecondition, $"overlay does not work on \"{folder}\": {failure}");
        }

        ImageLog.SnapshotterChosen(log, "copy", $"overlay does not work on {folder}: {failure}; containers take the space and time of a copy");
        return new CopyBackend();
    }

    /// <summary>Two layers, a file of the lower one seen, a file written.</summary>
    private static void Probe(OverlayBackend backend, string folder)
    {
        var probe = Path.Combine(folder, ProbeName);
        FolderTree.Remove(probe);
        try
        {
            string[] layers = [Path.Combine(probe, "lower"), Path.Combine(probe, "higher")];
            foreach (var layer in layers)
            {
                Directory.CreateDirectory(layer);
            }

            File.WriteAllText(Path.Combine(layers[0], "seen"), "");
            backend.Prepare(probe, layers);
            using var mount = backend.Mount(probe, layers);
            using var seen = Fd.OpenAt(mount, "seen", O_RDONLY | O_NOFOLLOW);
            using var written = Fd.OpenAt(mount, "written", O_WRONLY | O_CREAT | O_EXCL, 0x180);
            Fd.WriteAll(written, Encoding.ASCII.GetBytes("x"));
        }
        finally
        {
            FolderTree.Remove(probe);
        }
    }
}
