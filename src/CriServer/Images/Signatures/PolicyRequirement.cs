using CriShim.Oci.ImageSpec;

namespace CriShim.CriServer.Images.Signatures;

/// <summary>One requirement of a policy (containers-policy.json(5), "POLICY REQUIREMENTS").</summary>
internal abstract record PolicyRequirement
{
    /// <summary>False when the answer does not depend on signatures.</summary>
    public virtual bool NeedsSignatures => false;

    /// <summary>For people.</summary>
    public abstract string Description { get; }

    /// <param name="digests">All digests that stand for the image: of its manifest and of the index around it.</param>
    /// <exception cref="SignatureException">The requirement is not met.</exception>
    public abstract void Check(SignedName asked, IReadOnlyCollection<Digest> digests, IReadOnlyList<ImageSignature> signatures);
}

internal sealed record AcceptAnything : PolicyRequirement
{
    public override string Description => "accepted without signatures";

    public override void Check(SignedName asked, IReadOnlyCollection<Digest> digests, IReadOnlyList<ImageSignature> signatures)
    {
    }
}

internal sealed record RejectAlways : PolicyRequirement
{
    public override string Description => "rejected";

    public override void Check(SignedName asked, IReadOnlyCollection<Digest> digests, IReadOnlyList<ImageSignature> signatures) =>
        throw new SignatureException("the policy rejects it");
}

/// <summary>One good signature by one of the keys.</summary>
internal sealed record SigstoreSigned(IReadOnlyList<SigstoreKey> Keys, SignedIdentity Identity) : PolicyRequirement
{
    public override bool NeedsSignatures => true;

    public override string Description => $"needs a sigstore signature by {(Keys.Count == 1 ? "a key" : $"one of {Keys.Count} keys")}, identity {Identity.GetType().Name}";

    public override void Check(SignedName asked, IReadOnlyCollection<Digest> digests, IReadOnlyList<ImageSignature> signatures)
    {
        string? lastRefusal = null;
        foreach (var signature in signatures)
        {
            if (RefusalOf(signature, asked, digests) is not { } refusal)
            {
                return;
            }

            lastRefusal = refusal;
        }

        throw new SignatureException(lastRefusal is null
            ? "a signature was required, but none exists"
            : $"a signature was required, but none of {signatures.Count} counts; the last one: {lastRefusal}");
    }

    /// <summary>Null for a signature that counts. Nothing of the payload is looked at before the signature is good.</summary>
    private string? RefusalOf(ImageSignature signature, SignedName asked, IReadOnlyCollection<Digest> digests)
    {
        if (!Keys.Any(key => key.Verifies(signature)))
        {
            return "not made by a key of the policy";
        }

        try
        {
            var statement = SimpleSigning.Read(signature.Payload);
            if (!digests.Contains(statement.ManifestDigest))
            {
                return $"it is of another image, {statement.ManifestDigest}";
            }

            return SignedName.TryParse(statement.Name, out var signed) && Identity.Matches(asked, signed) ? null : $"it is for the name \"{statement.Name}\"";
        }
        catch (SignatureException e)
        {
            return e.Message;
        }
    }
}
