namespace CriShim.CriServer.Images.Registry;

/// <summary>How a host is connected to: how it proves who it is, and we who we are. Equal settings are equal records.</summary>
/// <param name="CaFiles">Paths of PEM files, joined by <see cref="Join"/>; they count beside the system's authorities.</param>
/// <param name="ClientFiles">Path of a PEM certificate, path of its PEM key, and so on, joined likewise.</param>
/// <param name="ConnectTimeout">Null: the general one.</param>
internal sealed record RegistryTls(bool SkipVerify, string CaFiles, string ClientFiles, TimeSpan? ConnectTimeout = null)
{
    public static readonly RegistryTls System = new(false, "", "");

    private const char Separator = '\n';

    public IReadOnlyList<string> CaPaths => Split(CaFiles);

    public IReadOnlyList<(string Certificate, string Key)> ClientPairs =>
        [.. Split(ClientFiles).Chunk(2).Select(pair => (pair[0], pair[1]))];

    /// <summary>For another host that this one sends us to: the same trust, but not our certificate.</summary>
    public RegistryTls ForOthers => this with { ClientFiles = "" };

    public static string Join(IEnumerable<string> paths) => string.Join(Separator, paths);

    private static string[] Split(string paths) => paths.Split(Separator, StringSplitOptions.RemoveEmptyEntries);
}
