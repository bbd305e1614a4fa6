using CriShim.CriServer.Errors;
using CriShim.CriServer.Specs;
using CriShim.Linux;

namespace CriShim.CriServer.Containers.Dumps;

/// <summary>Where a client wants an archive.</summary>
internal static class DumpLocation
{
    private const string Field = "location";

    /// <returns>The path as it is given.</returns>
    /// <exception cref="CriException">InvalidArgument: no absolute path of a file, or of one that must not be replaced.</exception>
    public static string Check(string location)
    {
        TextRules.RequireText(location, Field);
        if (!location.StartsWith('/') || location.EndsWith('/') || location.Split('/').Contains(".."))
        {
            throw Wrong(location, "it is not the absolute path of a file");
        }

        if (!Directory.Exists(Path.GetDirectoryName(location)))
        {
            throw Wrong(location, "its folder does not exist");
        }

        // A device, a link or a folder is never what is meant to be replaced.
        return IsReplaceable(location) ? location : throw Wrong(location, "what is there is not a regular file");
    }

    private static bool IsReplaceable(string location)
    {
        try
        {
            return FileStatus.Of(location).IsRegular;
        }
        catch (LinuxException e) when (e.Errno == Errno.ENOENT)
        {
            return true;
        }
    }

    private static CriException Wrong(string location, string cause) => CriException.InvalidArgument($"{Field} \"{TextRules.Printable(location)}\": {cause}");
}
