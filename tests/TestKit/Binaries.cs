namespace CriShim.TestKit;

/// <summary>Where the published binaries lie: CRISHIM_BIN, or artifacts/bin of the checkout.</summary>
public static class Binaries
{
    public static string Folder { get; } = Environment.GetEnvironmentVariable("CRISHIM_BIN") ?? Path.Combine(CheckoutRoot(), "artifacts", "bin");

    public static string Server => Existing("crishim");

    public static string Runtime => Existing("crishim-runtime");

    /// <summary>The folder that holds CriShim.sln.</summary>
    public static string CheckoutRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "CriShim.sln")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException("not inside a checkout");
    }

    private static string Existing(string name)
    {
        var path = Path.Combine(Folder, name);
        return File.Exists(path) ? path : throw new FileNotFoundException($"{path} is missing: run `make build`");
    }
}
