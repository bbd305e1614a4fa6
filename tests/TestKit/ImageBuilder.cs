using System.Formats.Tar;
using System.IO.Compression;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace CriShim.TestKit;

/// <summary>How a layer is compressed.</summary>
public enum LayerFormat
{
    Tar,
    Gzip,
    Zstd,
}

/// <summary>Makes an OCI image of one or more layers and pushes it to a registry on loopback.</summary>
public sealed class ImageBuilder
{
    private const string ManifestType = "application/vnd.oci.image.manifest.v1+json";
    private readonly List<(byte[] Blob, string DiffId, string MediaType)> _layers = [];
    private readonly JsonObject _config = [];

    /// <summary>Members of the image config's "config" object: Cmd, Env, User, WorkingDir, StopSignal…</summary>
    public ImageBuilder With(string member, JsonNode value)
    {
        _config[member] = value;
        return this;
    }

    /// <summary>Adds a layer whose entries <paramref name="write"/> makes.</summary>
    public ImageBuilder Layer(Action<TarWriter> write)
    {
        using var tar = new MemoryStream();
        using (var writer = new TarWriter(tar, TarEntryFormat.Pax, leaveOpen: true))
        {
            write(writer);
        }

        return RawLayer(tar.ToArray());
    }

    /// <summary>Adds a layer of these tar bytes. Zstandard needs the program zstd.</summary>
    public ImageBuilder RawLayer(byte[] tar, LayerFormat format = LayerFormat.Gzip, CompressionLevel level = CompressionLevel.Fastest) => Blob(
        format switch
        {
            LayerFormat.Gzip => Gzip(tar, level),
            LayerFormat.Zstd => Zstd(tar),
            _ => tar,
        },
        Digest(tar),
        format);

    /// <summary>Adds a layer of these bytes as they are, whatever they are.</summary>
    public ImageBuilder Blob(byte[] blob, string diffId, LayerFormat format = LayerFormat.Gzip)
    {
        var suffix = format == LayerFormat.Tar ? "" : "+" + format.ToString().ToLowerInvariant();
        _layers.Add((blob, diffId, "application/vnd.oci.image.layer.v1.tar" + suffix));
        return this;
    }

    /// <summary>An image with Debian's static busybox, its applets as hard links, and users root, nobody and 1000.</summary>
    public static ImageBuilder Busybox() => new ImageBuilder()
        .With("Cmd", new JsonArray("/bin/sh"))
        .With("Env", new JsonArray("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"))
        .Layer(WriteBusybox);

    /// <summary>Pushes under <paramref name="repository"/>:<paramref name="tag"/>; returns the manifest's digest.</summary>
    public async Task<string> PushAsync(string host, string repository, string tag)
    {
        using var http = new HttpClient { BaseAddress = new Uri($"http://{host}") };
        var config = Encoding.UTF8.GetBytes(ConfigDocument().ToJsonString());
        foreach (var (blob, _, _) in _layers)
        {
            await PushBlobAsync(http, repository, blob);
        }

        await PushBlobAsync(http, repository, config);
        return await PushManifestAsync(http, repository, tag, ManifestDocument(config));
    }

    /// <summary>Pushes an artifact of files, which has no config to speak of; returns the manifest's digest.</summary>
    public static async Task<string> PushArtifactAsync(
        string host, string repository, string tag, string artifactType, params (string Title, byte[] Bytes)[] files)
    {
        using var http = new HttpClient { BaseAddress = new Uri($"http://{host}") };
        var config = "{}"u8.ToArray();
        await PushBlobAsync(http, repository, config);
        var layers = new JsonArray();
        foreach (var (title, bytes) in files)
        {
            await PushBlobAsync(http, repository, bytes);
            var layer = Descriptor("application/octet-stream", bytes);
            layer["annotations"] = new JsonObject { ["org.opencontainers.image.title"] = title };
            layers.Add(layer);
        }

        return await PushManifestAsync(http, repository, tag, new JsonObject
        {
            ["schemaVersion"] = 2,
            ["mediaType"] = ManifestType,
            ["artifactType"] = artifactType,
            ["config"] = Descriptor("application/vnd.oci.empty.v1+json", config),
            ["layers"] = layers,
        });
    }

    /// <summary>Writes the image as an OCI layout (image-layout.md) with one name.</summary>
    public void WriteLayout(string folder, string tag)
    {
        var config = Encoding.UTF8.GetBytes(ConfigDocument().ToJsonString());
        var manifest = Encoding.UTF8.GetBytes(ManifestDocument(config).ToJsonString());
        var blobs = Directory.CreateDirectory(Path.Combine(folder, "blobs", "sha256")).FullName;
        foreach (var blob in _layers.Select(layer => layer.Blob).Append(config).Append(manifest))
        {
            File.WriteAllBytes(Path.Combine(blobs, Digest(blob)["sha256:".Length..]), blob);
        }

        var descriptor = Descriptor(ManifestType, manifest);
        descriptor["annotations"] = new JsonObject { ["org.opencontainers.image.ref.name"] = tag };
        File.WriteAllText(Path.Combine(folder, "index.json"), new JsonObject { ["schemaVersion"] = 2, ["manifests"] = new JsonArray(descriptor) }.ToJsonString());
        File.WriteAllText(Path.Combine(folder, "oci-layout"), """{"imageLayoutVersion":"1.0.0"}""");
    }

    public static byte[] Gzip(byte[] bytes, CompressionLevel level = CompressionLevel.Fastest)
    {
        using var result = new MemoryStream();
        using (var gzip = new GZipStream(result, level))
        {
            gzip.Write(bytes);
        }

        return result.ToArray();
    }

    private static byte[] Zstd(byte[] bytes)
    {
        using var folder = new TempFolder("crishim-zstd-");
        var path = folder.Combine("layer");
        File.WriteAllBytes(path, bytes);
        Command.Output("zstd", "-q", "-3", path);
        return File.ReadAllBytes(path + ".zst");
    }

    /// <summary>Everything a registry must serve: path below /v2/, media type and bytes.</summary>
    public IEnumerable<(string Path, string Type, byte[] Bytes)> Contents(string repository, string tag)
    {
        var config = Encoding.UTF8.GetBytes(ConfigDocument().ToJsonString());
        var manifest = Encoding.UTF8.GetBytes(ManifestDocument(config).ToJsonString());
        return _layers.Select(layer => layer.Blob).Append(config)
            .Select(blob => ($"{repository}/blobs/{Digest(blob)}", "application/octet-stream", blob))
            .Concat(new[] { tag, Digest(manifest) }.Select(name => ($"{repository}/manifests/{name}", "application/vnd.oci.image.manifest.v1+json", manifest)));
    }

    public static string Digest(ReadOnlySpan<byte> bytes) => "sha256:" + Convert.ToHexStringLower(SHA256.HashData(bytes));

    private JsonObject ConfigDocument() => new()
    {
        ["architecture"] = "amd64",
        ["os"] = "linux",
        ["config"] = _config.DeepClone(),
        ["rootfs"] = new JsonObject
        {
            ["type"] = "layers",
            ["diff_ids"] = new JsonArray([.. _layers.Select(layer => (JsonNode)layer.DiffId)]),
        },
    };

    private JsonObject ManifestDocument(byte[] config) => new()
    {
        ["schemaVersion"] = 2,
        ["mediaType"] = ManifestType,
        ["config"] = Descriptor("application/vnd.oci.image.config.v1+json", config),
        ["layers"] = new JsonArray([.. _layers.Select(layer => Descriptor(layer.MediaType, layer.Blob))]),
    };

    private static JsonObject Descriptor(string mediaType, byte[] blob) =>
        new() { ["mediaType"] = mediaType, ["digest"] = Digest(blob), ["size"] = blob.Length };

    private static async Task<string> PushManifestAsync(HttpClient http, string repository, string tag, JsonObject document)
    {
        var manifest = Encoding.UTF8.GetBytes(document.ToJsonString());
        using var content = new ByteArrayContent(manifest);
        content.Headers.ContentType = new MediaTypeHeaderValue(ManifestType);
        using var answer = await http.PutAsync(new Uri($"/v2/{repository}/manifests/{tag}", UriKind.Relative), content);
        answer.EnsureSuccessStatusCode();
        return Digest(manifest);
    }

    /// <summary>Uploads a blob under its digest.</summary>
    public static async Task PushBlobAsync(HttpClient http, string repository, byte[] blob)
    {
        using var start = await http.PostAsync(new Uri($"/v2/{repository}/blobs/uploads/", UriKind.Relative), null);
        start.EnsureSuccessStatusCode();
        var location = start.Headers.Location!.ToString();
        var target = location + (location.Contains('?', StringComparison.Ordinal) ? "&" : "?") + "digest=" + Uri.EscapeDataString(Digest(blob));
        using var content = new ByteArrayContent(blob);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        using var put = await http.PutAsync(new Uri(target, UriKind.RelativeOrAbsolute), content);
        put.EnsureSuccessStatusCode();
    }

    private static void WriteBusybox(TarWriter tar)
    {
        foreach (var folder in new[] { "bin", "etc", "proc", "sys", "dev", "root", "tmp", "var" })
        {
            tar.WriteEntry(new PaxTarEntry(TarEntryType.Directory, folder + "/") { Mode = (UnixFileMode)(folder == "tmp" ? 0x3FF : 0x1ED) });
        }

        using (var busybox = File.OpenRead("/bin/busybox"))
        {
            tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, "bin/busybox") { Mode = (UnixFileMode)0x1ED, DataStream = busybox });
        }

        foreach (var applet in Command.Output("/bin/busybox", "--list").Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(name => name != "busybox"))
        {
            // The mode again: some engines set a hard link's on the file that it shares.
            tar.WriteEntry(new PaxTarEntry(TarEntryType.HardLink, "bin/" + applet) { LinkName = "bin/busybox", Mode = (UnixFileMode)0x1ED });
        }

        WriteText(tar, "etc/passwd", "root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000::/tmp:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n");
        WriteText(tar, "etc/group", "root:x:0:\nuser:x:1000:\nextra:x:50000:user\nnogroup:x:65534:\n");
    }

    /// <summary>Adds a text file of mode 0644.</summary>
    public static void WriteText(TarWriter tar, string path, string text) =>
        tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, path) { Mode = (UnixFileMode)0x1A4, DataStream = new MemoryStream(Encoding.UTF8.GetBytes(text)) });
}
