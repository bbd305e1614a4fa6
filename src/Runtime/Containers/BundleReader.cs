using System.Text.Json;
using CriShim.Oci.RuntimeSpec;
using CriShim.Runtime.Contract;

namespace CriShim.Runtime.Containers;

/// <summary>Reads config.json.</summary>
internal static class BundleReader
{
    public static (Spec Spec, byte[] Json) Read(string bundlePath) => ReadFile(Path.Combine(bundlePath, StateLayout.SpecFile));

    public static (Spec Spec, byte[] Json) ReadFile(string path)
    {
        try
        {
            var json = File.ReadAllBytes(path);
            return (SpecReader.Read(json), json);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new RuntimeException(RuntimeErrorKind.InvalidArgument, $"failed to read spec \"{path}\": no such file", e);
        }
        catch (JsonException e)
        {
            throw new RuntimeException(RuntimeErrorKind.InvalidArgument, $"failed to read spec \"{path}\": {e.Message}", e);
        }
    }
}
