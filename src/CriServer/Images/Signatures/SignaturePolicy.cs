namespace CriShim.CriServer.Images.Signatures;

/// <summary>The requirements that one place of a policy lists; all must be met.</summary>
/// <param name="Place">Path within the file.</param>
internal sealed record PolicyScope(string Place, IReadOnlyList<PolicyRequirement> Requirements)
{
    public bool NeedsSignatures => Requirements.Any(r => r.NeedsSignatures);

    public string Description => string.Join(", and ", Requirements.Select(r => r.Description));
}

/// <summary>A signature policy, read: the default and the scopes of images from registries.</summary>
/// <param name="Path">The file it came from.</param>
/// <param name="Scopes">By scope, as written; the empty one is the transport's own default.</param>
internal sealed record SignaturePolicy(string Path, PolicyScope Default, IReadOnlyDictionary<string, PolicyScope> Scopes)
{
    /// <summary>What holds for an image: the most specific scope that names it.</summary>
    public PolicyScope For(ImageReference reference)
    {
        foreach (var scope in ScopesOf(reference))
        {
            if (Scopes.TryGetValue(scope, out var found))
            {
                return found;
            }
        }

        return Default;
    }

    /// <summary>Most specific first: the name itself, its repository, that one's parents up to the host, wildcards of the host, anything.</summary>
    internal static IEnumerable<string> ScopesOf(ImageReference reference)
    {
        yield return reference.StoredName;
        var name = reference.Name;
        yield return name;
        while (name.LastIndexOf('/') is var slash && slash >= 0)
        {
            name = name[..slash];
            yield return name;
        }

        name = name.Split(':')[0];
        while (name.IndexOf('.', StringComparison.Ordinal) is var dot && dot >= 0)
        {
            name = name[(dot + 1)..];
            yield return "*." + name;
        }

        yield return "";
    }
}
