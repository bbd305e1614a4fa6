namespace CriShim.CriServer.Images.Signatures;

/// <summary>Reads the <c>signedIdentity</c> of a requirement.</summary>
internal static class IdentityReader
{
    /// <exception cref="FormatException">Unknown type, or fields that are not those of its type.</exception>
    public static SignedIdentity Read(PolicyNode node)
    {
        var fields = node.Members().ToDictionary(m => m.Name, m => m.Text(), StringComparer.Ordinal);
        fields.Remove("type", out var type);
        var identity = type switch
        {
            "matchExact" => new MatchExact(),
            "matchRepoDigestOrExact" => new MatchRepoDigestOrExact(),
            "matchRepository" => new MatchRepository(),
            "exactReference" => new ExactReference(TakeName(node, fields, "dockerReference", isRepository: false)),
            "exactRepository" => new ExactRepository(TakeName(node, fields, "dockerRepository", isRepository: true).Repository),
            "remapIdentity" => new RemapIdentity(TakePrefix(node, fields, "prefix"), TakePrefix(node, fields, "signedPrefix")),
            _ => (SignedIdentity)(type is null ? throw node.Wrong("has no \"type\"") : throw node.Wrong($"is of the unknown type \"{type}\"")),
        };
        return fields.Count == 0 ? identity : throw node.Wrong($"has the unknown key \"{fields.Keys.First()}\"");
    }

    private static SignedName TakeName(PolicyNode node, Dictionary<string, string> fields, string key, bool isRepository) =>
        SignedName.TryParse(Take(node, fields, key), out var name) && name.IsRepositoryOnly == isRepository
            ? name
            : throw node.Wrong($"has an invalid \"{key}\"");

    /// <summary>A host or the beginning of a repository, whole components.</summary>
    private static string TakePrefix(PolicyNode node, Dictionary<string, string> fields, string key)
    {
        var prefix = Take(node, fields, key);
        return prefix.Length > 0 && !prefix.EndsWith('/') && ImageReference.TryParse(prefix + "/x", out var probe) && probe.Name == prefix + "/x"
            ? prefix
            : throw node.Wrong($"has an invalid \"{key}\"");
    }

    private static string Take(PolicyNode node, Dictionary<string, string> fields, string key) =>
        fields.Remove(key, out var value) ? value : throw node.Wrong($"has no \"{key}\"");
}
