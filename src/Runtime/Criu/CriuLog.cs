namespace CriShim.Runtime.Criu;

/// <summary>What criu's log says of a failure: lines as "(00.012345) Error (criu/file.c:123): what".</summary>
internal static class CriuLog
{
    private const int MostLines = 3;

    /// <summary>
    /// The last errors but for the general one that ends them ("Dumping FAILED."): each is the consequence of the one before. Without any, the
    /// last warning, for some of criu's steps end with no more than that. Null when there is no log, or nothing in it.
    /// </summary>
    public static string? FindCause(string path) => File.Exists(path) ? FindCause(File.ReadLines(path)) : null;

    /// <inheritdoc cref="FindCause(string)"/>
    public static string? FindCause(IEnumerable<string> lines)
    {
        var errors = new List<string>();
        string? warning = null;
        foreach (var line in lines)
        {
            if (line.Contains("Error (", StringComparison.Ordinal) && !line.Contains("FAILED", StringComparison.Ordinal))
            {
                errors.Add(line.Trim());
            }
            else if (line.Contains("Warn  (", StringComparison.Ordinal))
            {
                warning = line.Trim();
            }
        }

        return errors.Count > 0 ? string.Join("; ", errors.TakeLast(MostLines)) : warning;
    }
}
