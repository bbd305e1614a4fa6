using System.Formats.Tar;
using CriShim.TestKit;

namespace CriShim.E2e.Images;

/// <summary>An image large enough to be killed in the middle of: layers of random files, links, folders and whiteouts.</summary>
internal static class CrashImage
{
    private const int Layers = 5;
    private const int FilesPerLayer = 60;
    private const int Folders = 7;
    private const int MaxFileBytes = 120_000;

    /// <param name="seed">The same seed makes the same files.</param>
    public static ImageBuilder Make(int seed)
    {
        var random = new Random(seed);
        var image = ImageBuilder.Busybox();
        for (var layer = 0; layer < Layers; layer++)
        {
            var number = layer;
            image.Layer(tar => WriteLayer(tar, number, random));
        }

        return image;
    }

    private static void WriteLayer(TarWriter tar, int layer, Random random)
    {
        foreach (var folder in Enumerable.Range(0, Folders).Select(i => $"data/{layer}/{i}/").Prepend($"data/{layer}/").Prepend("data/"))
        {
            tar.WriteEntry(new PaxTarEntry(TarEntryType.Directory, folder) { Mode = (UnixFileMode)0x1ED, ModificationTime = DateTimeOffset.UnixEpoch });
        }

        for (var i = 0; i < FilesPerLayer; i++)
        {
            var name = $"data/{layer}/{i % Folders}/f{i}";
            var bytes = new byte[random.Next(MaxFileBytes)];
            random.NextBytes(bytes);
            tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, name)
            {
                Mode = (UnixFileMode)random.Next(0x1000),
                Uid = random.Next(1 << 20),
                ModificationTime = DateTimeOffset.UnixEpoch.AddMilliseconds(random.NextInt64(1L << 40)),
                DataStream = new MemoryStream(bytes),
            });
            if (i % 10 == 0)
            {
                tar.WriteEntry(new PaxTarEntry(TarEntryType.HardLink, name + ".hard") { LinkName = name });
                tar.WriteEntry(new PaxTarEntry(TarEntryType.SymbolicLink, name + ".link") { LinkName = $"../f{i}" });
            }
        }

        if (layer > 0)
        {
            var hidden = $"data/{layer - 1}/";
            tar.WriteEntry(new PaxTarEntry(TarEntryType.Directory, hidden) { Mode = (UnixFileMode)0x1C0, ModificationTime = DateTimeOffset.UnixEpoch });
            tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, hidden + ".wh.5"));
        }
    }
}
