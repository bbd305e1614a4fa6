namespace CriShim.CriServer.Images.Signatures;

/// <summary>Which name a signature must have to count for the image that is asked for (containers-policy.json(5), "signedIdentity").</summary>
internal abstract record SignedIdentity
{
    public static readonly SignedIdentity Default = new MatchRepoDigestOrExact();

    /// <param name="asked">The image that is asked for.</param>
    /// <param name="signed">The name in the signature.</param>
    public abstract bool Matches(SignedName asked, SignedName signed);

    protected static bool AreExact(SignedName asked, SignedName signed) =>
        !asked.IsRepositoryOnly && !signed.IsRepositoryOnly && asked == signed;
}

/// <summary>The same repository and tag or digest.</summary>
internal sealed record MatchExact : SignedIdentity
{
    public override bool Matches(SignedName asked, SignedName signed) => AreExact(asked, signed);
}

/// <summary>Asked by digest: the same repository, since the digest is signed anyway; asked by tag: the same tag.</summary>
internal sealed record MatchRepoDigestOrExact : SignedIdentity
{
    public override bool Matches(SignedName asked, SignedName signed) =>
        asked.Tag is null ? asked.Digest is not null && asked.Repository == signed.Repository : AreExact(asked, signed);
}

/// <summary>The same repository, whatever the tag.</summary>
internal sealed record MatchRepository : SignedIdentity
{
    public override bool Matches(SignedName asked, SignedName signed) => asked.Repository == signed.Repository;
}

/// <summary>This very name, whatever is asked for.</summary>
internal sealed record ExactReference(SignedName Name) : SignedIdentity
{
    public override bool Matches(SignedName asked, SignedName signed) => AreExact(Name, signed);
}

/// <summary>This very repository, whatever is asked for.</summary>
internal sealed record ExactRepository(string Repository) : SignedIdentity
{
    public override bool Matches(SignedName asked, SignedName signed) => signed.Repository == Repository;
}

/// <summary>As the default, with the beginning of the name replaced: for mirrors whose images were signed for elsewhere.</summary>
internal sealed record RemapIdentity(string Prefix, string SignedPrefix) : SignedIdentity
{
    public override bool Matches(SignedName asked, SignedName signed)
    {
        var isBelow = asked.Repository == Prefix || asked.Repository.StartsWith(Prefix + "/", StringComparison.Ordinal);
        return Default.Matches(isBelow ? asked with { Repository = SignedPrefix + asked.Repository[Prefix.Length..] } : asked, signed);
    }
}
