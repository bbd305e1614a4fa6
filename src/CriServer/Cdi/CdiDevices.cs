using CriShim.Cri.V1;
using CriShim.CriServer.Errors;
using CriShim.CriServer.Specs;
using Microsoft.Extensions.Logging;

namespace CriShim.CriServer.Cdi;

/// <summary>
/// The devices that CDI files describe. The folders are looked at when a container asks for one, and files read anew when any has changed:
/// what a driver has written is known at once, and a node whose pods ask for none does nothing.
/// </summary>
/// <param name="folders">Lowest priority first: a device of a later folder hides those of the same name in earlier ones.</param>
/// <param name="log">Told of a file that cannot be used, when it is read: its devices are unknown then, and nobody else's.</param>
internal sealed class CdiDevices(IReadOnlyList<string> folders, ILogger<CdiDevices> log)
{
    private const string AnnotationPrefix = "cdi.k8s.io/";

    private readonly Lock _gate = new();
    private List<(string Path, DateTime Changed, long Length)> _files = [];
    private Catalog _catalog = new([], []);

    /// <param name="Rival">Another file of the same folder that has the device too: neither counts then.</param>
    private sealed record Entry(CdiSpec Spec, CdiDevice Device, int Priority, string Path, string? Rival = null);

    private sealed record Catalog(Dictionary<string, Entry> Devices, List<string> Problems);

    /// <summary>
    /// The edits for the devices of a container's CDI_devices and of its annotations: each file's own once, before those of its first device.
    /// </summary>
    /// <exception cref="CriException">InvalidArgument, naming the device.</exception>
    public IReadOnlyList<CdiContainerEdits> EditsFor(ContainerConfig config)
    {
        var names = NamesIn(config);
        if (names.Count == 0)
        {
            return [];
        }

        var catalog = Refresh();
        var edits = new List<CdiContainerEdits?>();
        var specs = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (name, field) in names)
        {
            var entry = Find(catalog, name, field);
            edits.Add(specs.Add(entry.Path) ? entry.Spec.ContainerEdits : null);
            edits.Add(entry.Device.ContainerEdits);
        }

        return [.. edits.OfType<CdiContainerEdits>()];
    }

    /// <summary>The files that cannot be used now, and why.</summary>
    public IReadOnlyList<string> Problems() => Refresh().Problems;

    /// <summary>Each once, those of the field first, with where it was asked for.</summary>
    private static List<(string Name, string Field)> NamesIn(ContainerConfig config)
    {
        var names = config.CDIDevices.Select((device, i) => (device.Name, $"CDI_devices[{i}].name")).ToList();
        foreach (var (key, value) in config.Annotations.OrderBy(item => item.Key, StringComparer.Ordinal))
        {
            if (key.StartsWith(AnnotationPrefix, StringComparison.Ordinal))
            {
                names.AddRange(value.Split(',').Select(name => (name, $"annotation {key}")));
            }
        }

        foreach (var (name, field) in names)
        {
            if (!CdiDeviceName.IsQualified(name))
            {
                throw CriException.InvalidArgument($"{field}: \"{TextRules.Printable(name)}\" is not vendor/class=device");
            }
        }

        return [.. names.DistinctBy(item => item.Name)];
    }

    private Entry Find(Catalog catalog, string name, string field)
    {
        if (!catalog.Devices.TryGetValue(name, out var entry))
        {
            var problems = catalog.Problems.Count == 0 ? "" : $"; not readable: {string.Join("; ", catalog.Problems)}";
            throw CriException.InvalidArgument($"{field}: no device \"{name}\" in {string.Join(", ", folders)}{problems}");
        }

        return entry.Rival is null
            ? entry
            : throw CriException.InvalidArgument($"{field}: device \"{name}\" is in both {entry.Path} and {entry.Rival}");
    }

    private Catalog Refresh()
    {
        lock (_gate)
        {
            var files = folders.SelectMany(Files).ToList();
            if (!files.SequenceEqual(_files))
            {
                _catalog = Read(files.Select(file => file.Path));
                _files = files;
            }

            return _catalog;
        }
    }

    private static IEnumerable<(string Path, DateTime Changed, long Length)> Files(string folder)
    {
        var info = new DirectoryInfo(folder);
        return !info.Exists ? [] : info.EnumerateFiles()
            .Where(file => CdiFileReader.IsCdiFile(file.FullName))
            .OrderBy(file => file.FullName, StringComparer.Ordinal)
            .Select(file => (file.FullName, file.LastWriteTimeUtc, file.Length));
    }

    private Catalog Read(IEnumerable<string> paths)
    {
        var catalog = new Catalog(new Dictionary<string, Entry>(StringComparer.Ordinal), []);
        foreach (var path in paths)
        {
            try
            {
                Add(catalog, CdiFileReader.Read(path), path);
            }
            catch (InvalidDataException e)
            {
                catalog.Problems.Add($"{path}: {e.Message}");
                CdiLog.NotUsed(log, path, e.Message);
            }
        }

        return catalog;
    }

    private void Add(Catalog catalog, CdiSpec spec, string path)
    {
        var priority = folders.ToList().IndexOf(Path.GetDirectoryName(path)!);
        foreach (var device in spec.Devices)
        {
            var name = $"{spec.Kind}={device.Name}";
            var known = catalog.Devices.GetValueOrDefault(name);
            catalog.Devices[name] = known?.Priority == priority ? known with { Rival = path } : new Entry(spec, device, priority, path);
        }
    }
}
