namespace CriShim.CriServer.Networking.Cni;

/// <summary>The CNI network in use, or why there is none.</summary>
/// <param name="Errors">File path to what is wrong with it, for those that sort before the one in use.</param>
internal sealed record CniSelection(CniConfig? Config, string Path, IReadOnlyList<KeyValuePair<string, string>> Errors);

/// <summary>
/// The folder of CNI configurations. It is read at each use (well under 1 ms beside plugins that take many), so a change counts at once
/// and no watcher can miss one.
/// </summary>
internal sealed class CniConfigFolder(string folder)
{
    private const int MaxConfigBytes = 1024 * 1024;

    private static readonly string[] s_extensions = [".conflist", ".conf", ".json"];

    public CniSelection Select()
    {
        var errors = new List<KeyValuePair<string, string>>();
        foreach (var path in Files(folder, s_extensions))
        {
            try
            {
                return new CniSelection(Read(path), path, errors);
            }
            catch (Exception e) when (e is CniException or IOException or UnauthorizedAccessException)
            {
                errors.Add(new(path, e.Message));
            }
        }

        return new CniSelection(null, "", errors);
    }

    private CniConfig Read(string path)
    {
        var config = CniConfig.Parse(ReadFile(path));
        if (!config.LoadsFolder || !path.EndsWith(".conflist", StringComparison.Ordinal))
        {
            return config;
        }

        var more = Files(Path.Combine(folder, config.Name), [".conf"]).Select(file => CniConfig.Parse(ReadFile(file)).Plugins[0].Json).ToList();
        return more.Count == 0 ? config : config.With(more);
    }

    private static IEnumerable<string> Files(string folder, string[] extensions) =>
        Directory.Exists(folder)
            ? Directory.GetFiles(folder).Where(path => extensions.Contains(Path.GetExtension(path))).Order(StringComparer.Ordinal)
            : [];

    private static byte[] ReadFile(string path) =>
        new FileInfo(path).Length <= MaxConfigBytes ? File.ReadAllBytes(path) : throw new CniException($"longer than {MaxConfigBytes} bytes");
}
