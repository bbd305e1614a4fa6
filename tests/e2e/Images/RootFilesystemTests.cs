using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using CriShim.Cri.V1;
using CriShim.CriServer.Configuration;
using CriShim.CriServer.Images;
using CriShim.Linux;
using CriShim.TestKit;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Win32.SafeHandles;
using static CriShim.Linux.LibC.Files;
using static CriShim.Linux.LibC.Xattr;

namespace CriShim.E2e.Images;

/// <summary>What a container sees of a pulled image is, file by file, what umoci unpacks of the same image.</summary>
public sealed class RootFilesystemTests
{
    [Fact]
    public async Task Pull_RootFilesystem_IsWhatUmociUnpacks()
    {
        using var work = new TempFolder();
        using var registry = await RegistryProcess.StartAsync();
        var archives = RootFilesystem.Archives(work);
        Image(archives, _ => LayerFormat.Gzip).WriteLayout(work.Combine("layout"), "root"); // this umoci knows no zstd
        await Image(archives, i => (LayerFormat)(i % 3)).PushAsync(registry.Host, "root", "1");
        await using var server = await ServerProcess.StartAsync();
        var name = $"{registry.Host}/root:1";
        await server.Client.ImageAsync<PullImageResponse>(new PullImageRequest { Image = new ImageSpec { Image = name } }, TimeSpan.FromMinutes(2));
        var unpacked = Command.Run(TimeSpan.FromMinutes(3), "umoci", "unpack", "--image", work.Combine("layout") + ":root", work.Combine("bundle"));
        Assert.True(unpacked.ExitCode == 0, unpacked.Error);
        var expected = Listing(work.Combine("bundle", "rootfs"));
        var actual = await ListingOfImageAsync(server, name);
        var differences = Differences(expected, actual).ToList();
        Assert.True(differences.Count == 0, $"{differences.Count} of {expected.Count} files differ:\n{string.Join('\n', differences.Take(20))}");
        Assert.True(expected.Count > 500, $"only {expected.Count} files were compared");
    }

    private static ImageBuilder Image(List<byte[]> archives, Func<int, LayerFormat> format) =>
        archives.Select((archive, i) => (archive, i)).Aggregate(new ImageBuilder(), (image, layer) => image.RawLayer(layer.archive, format(layer.i)));

    /// <summary>As a container's root, made by the server's own code while the server is not there.</summary>
    private static async Task<Dictionary<string, string>> ListingOfImageAsync(ServerProcess server, string name)
    {
        await server.StopAsync();
        try
        {
            return await ListingOfImageAsync(server.Root, name);
        }
        finally
        {
            await server.RestartAfterStopAsync();
        }
    }

    private static async Task<Dictionary<string, string>> ListingOfImageAsync(string root, string name)
    {
        await using var services = ImageServices.Open(root, new ImageOptions(), TimeProvider.System, NullLoggerFactory.Instance);
        services.Snapshots.Prepare("compare", services.Store.Find(name)!);
        try
        {
            using var mount = services.Snapshots.MountRootfs("compare");
            return Listing($"/proc/self/fd/{mount.DangerousGetHandle()}");
        }
        finally
        {
            services.Snapshots.Remove("compare");
        }
    }

    private static IEnumerable<string> Differences(Dictionary<string, string> expected, Dictionary<string, string> actual) =>
        expected.Keys.Union(actual.Keys).Order(StringComparer.Ordinal)
            .Where(path => expected.GetValueOrDefault(path) != actual.GetValueOrDefault(path) && path is not (RootFilesystem.FreshFolder or RootFilesystem.FreshFolder + "/folder"))
            .Select(path => $"{path}: expected {expected.GetValueOrDefault(path)}, actual {actual.GetValueOrDefault(path)}");

    private static Dictionary<string, string> Listing(string folder)
    {
        var listing = new Dictionary<string, string>(StringComparer.Ordinal);
        using var root = Fd.Open(folder, O_RDONLY | O_DIRECTORY);
        AddFolder(listing, root, "");
        return listing;
    }

    private static void AddFolder(Dictionary<string, string> listing, SafeFileHandle folder, string prefix)
    {
        var entries = new FolderEntries(folder);
        while (entries.MoveNext())
        {
            var name = entries.Name.ToArray();
            var path = prefix + Encoding.Latin1.GetString(name.AsSpan()[..^1]);
            Check.Result(statx(folder, name, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, out var stat), "statx", path);
            listing.Add(path, Describe(folder, name, stat));
            if ((stat.stx_mode & S_IFMT) == S_IFDIR)
            {
                using var child = Check.Result(openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0), "openat", path);
                AddFolder(listing, child, path + "/");
            }
        }
    }

    private static string Describe(SafeFileHandle folder, byte[] name, in statx_t stat)
    {
        var type = stat.stx_mode & S_IFMT;
        var common = string.Create(
            CultureInfo.InvariantCulture,
            $"mode {Convert.ToString(stat.stx_mode, 8)} owner {stat.stx_uid}:{stat.stx_gid} time {stat.stx_mtime.tv_sec}.{stat.stx_mtime.tv_nsec:d9} device {stat.stx_rdev_major}:{stat.stx_rdev_minor}");
        using var fd = Check.Result(openat(folder, name, O_PATH | O_NOFOLLOW | O_CLOEXEC, 0), "openat");
        common += " xattrs " + Xattrs(fd);
        return type switch
        {
            S_IFDIR => common,
            S_IFREG => $"{common} links {stat.stx_nlink} size {stat.stx_size} {Hash(folder, name)}",
            S_IFLNK => $"{common} links {stat.stx_nlink} to {Target(folder, name)}",
            _ => $"{common} links {stat.stx_nlink}",
        };
    }

    private static string Hash(SafeFileHandle folder, byte[] name)
    {
        using var file = new FileStream(Check.Result(openat(folder, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC, 0), "openat"), FileAccess.Read);
        return Convert.ToHexStringLower(SHA256.HashData(file));
    }

    private static string Target(SafeFileHandle folder, byte[] name)
    {
        var target = new byte[4096];
        return Encoding.Latin1.GetString(target, 0, (int)Check.Result(readlinkat(folder, name, target, target.Length), "readlinkat"));
    }

    private static string Xattrs(SafeFileHandle fd)
    {
        var path = NulTerminated.FromString($"/proc/self/fd/{fd.DangerousGetHandle()}");
        var list = new byte[64 << 10];
        var length = (int)listxattr(path, list, list.Length);
        var names = Encoding.UTF8.GetString(list, 0, Math.Max(0, length)).Split('\0', StringSplitOptions.RemoveEmptyEntries);
        return string.Join(',', names.Where(n => !n.StartsWith("trusted.overlay.", StringComparison.Ordinal)).Order(StringComparer.Ordinal).Select(n =>
        {
            var value = new byte[64 << 10];
            var size = Check.Result(getxattr(path, NulTerminated.FromString(n), value, value.Length), "getxattr", n);
            return n + "=" + Convert.ToHexStringLower(value.AsSpan(0, (int)size));
        }));
    }
}
