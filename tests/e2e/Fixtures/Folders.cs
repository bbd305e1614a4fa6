namespace CriShim.E2e.Fixtures;

/// <summary>Looking into folders that need not be there yet.</summary>
public static class Folders
{
    /// <summary>Names of what is in it.</summary>
    public static IReadOnlyList<string> Content(string path) =>
        Directory.Exists(path) ? [.. Directory.EnumerateFileSystemEntries(path).Select(entry => Path.GetFileName(entry))] : [];
}
