using CriShim.Linux;
using CriShim.TestKit;
using static CriShim.Linux.LibC.Xattr;

namespace CriShim.E2e.Images;

/// <summary>
/// A root filesystem as an image of 8 layers: seven with what is in it, and one that changes it in every way a layer can. By default it is
/// made of folders of this machine; CRISHIM_ROOTFS_TAR names an archive of a whole one (make rootfs-compare).
/// </summary>
internal static class RootFilesystem
{
    /// <summary>No layer has an entry for it, only for files in it: its time is not the image's to say.</summary>
    public const string FreshFolder = "fresh";

    private const int ContentLayers = 7;

    private static readonly string[] s_folders =
        ["usr/lib/x86_64-linux-gnu/perl-base", "usr/share/perl5", "usr/share/zoneinfo", "etc/alternatives"];

    // What tar has no other way to make: all kinds of files, owners, times, names and attributes.
    private const string SpecialFiles = """
        mkdir -p special/sticky special/setgid special/order special/opaque/inner special/replaced special/implied/inner special/gone && cd special
        mknod null c 1 3 && mknod block b 7 200 && mkfifo fifo && chmod 640 fifo && chown 12:34 null
        echo setuid > setuid && chmod 4755 setuid && chmod 1777 sticky && chmod 2750 setgid && chown 1000:2000 setgid
        echo old > old && touch -d '1960-02-03 04:05:06.123456789' old && echo new > new && touch -d '2033-01-02 03:04:05.987654321' new
        printf 'x' > 'name with space' && printf 'y' > "$(printf 'nota\351utf8')" && printf 'z' > 'ünïcode' && printf '\n' > 'back\slash'
        long=$(printf 'l%.0s' $(seq 200)) && mkdir -p $long/$long && echo long > $long/$long/file && ln -s $long/$long/file longlink
        ln -s /etc/passwd absolute && ln -s ../nowhere dangling && chown -h 5:6 dangling && touch -h -d '2001-01-01 01:01:01.5' dangling
        echo linked > order/z-first && ln order/z-first order/a-second && ln order/z-first third && ln fifo fifo2 && ln dangling dangling2
        truncate -s 3M sparse && printf data | dd of=sparse bs=1 seek=1500000 conv=notrunc 2>/dev/null
        chown 4000000000:4000000001 new && echo huge > huge && chown 70000:70001 huge
        echo x > opaque/old && echo x > opaque/inner/old && echo x > replaced/file && echo x > implied/lower && echo x > implied/inner/lower && echo x > gone/x
        chmod 711 implied && chown 33:44 implied && chmod 1770 implied/inner && touch -d '2011-11-11 11:11:11' implied/inner && echo a > becomes-folder
        setcap=$(command -v setcap || echo true) && cp /bin/true capable && $setcap cap_net_raw+ep capable
        """;

    // The last layer, on top; whiteouts by name.
    private const string Changes = """
        mkdir -p special/opaque/inner special/becomes-folder special/sticky && cd special
        touch .wh.gone .wh.setuid opaque/.wh..wh..opq && echo new > opaque/new && echo file > replaced && echo in > becomes-folder/in
        echo changed > old && touch -d '1999-09-09 09:09:09.999999999' old && ln old old-link && chmod 700 sticky && ln -sfn /else absolute
        """;

    /// <summary>The layers' archives.</summary>
    public static List<byte[]> Archives(TempFolder work)
    {
        var pieces = TarEntries.Read(BaseArchive(work)).ToList();
        var layers = Enumerable.Range(0, ContentLayers).Select(_ => new List<TarPiece>()).ToList();
        var layerOf = new Dictionary<string, int>(StringComparer.Ordinal);
        var total = pieces.Sum(piece => (long)piece.Bytes.Length);
        var position = 0L;
        foreach (var piece in pieces)
        {
            // A hard link lies in the layer of its file.
            var layer = piece.Type == '1' ? layerOf[Clean(piece.LinkTarget)] : (int)(position * ContentLayers / total);
            layerOf[Clean(piece.Path)] = layer;
            layers[layer].Add(piece);
            position += piece.Bytes.Length;
        }

        return [.. layers.Select(TarEntries.Write), TopArchive(work)];
    }

    private static byte[] BaseArchive(TempFolder work)
    {
        var special = Directory.CreateDirectory(work.Combine("base")).FullName;
        Shell(special, SpecialFiles);
        Check.Result(
            setxattr(NulTerminated.FromString(Path.Combine(special, "special/new")), "user.test\0"u8, [0, 1, 0xff, 0], 4, 0), "setxattr");
        var archive = work.Combine("base.tar");
        if (Environment.GetEnvironmentVariable("CRISHIM_ROOTFS_TAR") is { Length: > 0 } whole)
        {
            Pack(special, archive, "special");
            return TarEntries.Write([.. TarEntries.Read(File.ReadAllBytes(whole)), .. TarEntries.Read(File.ReadAllBytes(archive))]);
        }

        // Parents as entries too, as in a real root.
        var folders = s_folders.Where(folder => Directory.Exists("/" + folder)).ToList();
        var parents = folders.SelectMany(Parents).Distinct().Order(StringComparer.Ordinal);
        Pack("/", archive, ["--no-recursion", .. parents, "--recursion", .. folders, "-C", special, "special"]);
        return File.ReadAllBytes(archive);
    }

    /// <summary>Also files whose folders it has no entry for.</summary>
    private static byte[] TopArchive(TempFolder work)
    {
        var top = Directory.CreateDirectory(work.Combine("top")).FullName;
        Shell(top, Changes);
        Pack(top, work.Combine("top.tar"), "special");
        Shell(top, $"mkdir -p special/implied/inner {FreshFolder}/folder && echo high > special/implied/inner/high && echo f > {FreshFolder}/folder/f");
        Pack(top, work.Combine("implied.tar"), "special/implied/inner/high", FreshFolder + "/folder/f");
        return TarEntries.Write([.. TarEntries.Read(File.ReadAllBytes(work.Combine("top.tar"))), .. TarEntries.Read(File.ReadAllBytes(work.Combine("implied.tar")))]);
    }

    /// <summary>Sorted, as builders write a layer: umoci lets the time of a folder be now when it meets its parent's opaque mark after it.</summary>
    private static void Pack(string folder, string archive, params string[] what) => Command.Output(
        "tar", ["--sort=name", "--format=pax", "--pax-option=delete=atime,delete=ctime", "--xattrs", "--xattrs-include=*", "--numeric-owner", "-C", folder, "-cf", archive, .. what]);

    private static void Shell(string folder, string script) => Command.Output("/bin/sh", "-e", "-c", $"umask 022; cd '{folder}'; {script}");

    private static IEnumerable<string> Parents(string folder)
    {
        for (var end = folder.IndexOf('/', StringComparison.Ordinal); end > 0; end = folder.IndexOf('/', end + 1))
        {
            yield return folder[..end];
        }
    }

    private static string Clean(string path) => path.StartsWith("./", StringComparison.Ordinal) ? path[2..].TrimEnd('/') : path.TrimEnd('/');
}
