namespace CriShim.CriServer.Containers.Dumps;

/// <summary>Where criu is.</summary>
/// <param name="Name">A path, or a name for PATH.</param>
internal sealed record CriuProgram(string Name)
{
    private const string DefaultSearch = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    /// <summary>Its absolute path; null when it is not installed. Looked up each time: it may be installed while the server runs.</summary>
    public string? Find()
    {
        var folders = Name.Contains('/') ? [""] : (Environment.GetEnvironmentVariable("PATH") ?? DefaultSearch).Split(':');
        return folders.Select(folder => Path.GetFullPath(Path.Combine(folder, Name), "/")).FirstOrDefault(File.Exists);
    }
}
