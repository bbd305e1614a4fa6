using System.Text;
using System.Text.Json;

namespace CriShim.CriServer.Images.Signatures;

/// <summary>
/// Reads <c>policy.json</c> of the containers ecosystem (containers-policy.json(5)). Strict: what is not understood could be a
/// protection, so every unknown key and every requirement that is not supported is an error, with its place.
/// </summary>
internal static class PolicyFile
{
    private const string RegistryTransport = "docker";

    /// <exception cref="FormatException">The file cannot be read or is not a policy that can be enforced; the text has path and place.</exception>
    public static SignaturePolicy Read(string path)
    {
        try
        {
            using var document = JsonDocument.Parse(KeyFiles.ReadSmall(path));
            return Read(new PolicyNode(document.RootElement, "$"), path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException or FormatException)
        {
            throw new FormatException($"failed to read signature policy \"{path}\": {e.Message}", e);
        }
    }

    private static SignaturePolicy Read(PolicyNode root, string path)
    {
        PolicyScope? fallback = null;
        var scopes = new Dictionary<string, PolicyScope>(StringComparer.Ordinal);
        foreach (var member in root.Members())
        {
            switch (member.Name)
            {
                case "default":
                    fallback = ReadScope(member);
                    break;
                case "transports":
                    ReadTransports(member, scopes);
                    break;
                default:
                    throw member.Unknown();
            }
        }

        return new SignaturePolicy(path, fallback ?? throw root.Wrong("has no \"default\""), scopes);
    }

    /// <summary>Scopes of other transports are checked for form and else ignored: this server gets no image by them.</summary>
    private static void ReadTransports(PolicyNode transports, Dictionary<string, PolicyScope> scopes)
    {
        foreach (var transport in transports.Members())
        {
            foreach (var scope in transport.Members())
            {
                if (transport.Name == RegistryTransport)
                {
                    CheckScope(scope);
                    scopes.Add(scope.Name, ReadScope(scope));
                }
            }
        }
    }

    /// <summary>A scope that can match nothing would be a protection that is not there.</summary>
    private static void CheckScope(PolicyNode node)
    {
        var scope = node.Name;
        var isWildcard = scope.StartsWith("*.", StringComparison.Ordinal);
        var rest = isWildcard ? scope[2..] : scope;
        if (rest.Contains('*', StringComparison.Ordinal) || rest.EndsWith('/') || (isWildcard && rest.AsSpan().ContainsAny('/', ':')))
        {
            throw node.Wrong("is no scope: a host, a repository, a name or *.DOMAIN is expected");
        }
    }

    private static PolicyScope ReadScope(PolicyNode node)
    {
        var requirements = node.Items().Select(ReadRequirement).ToList();
        return requirements.Count > 0 ? new PolicyScope(node.Place, requirements) : throw node.Wrong("lists no requirement");
    }

    private static PolicyRequirement ReadRequirement(PolicyNode node)
    {
        var type = node.Members().FirstOrDefault(m => m.Name == "type")?.Text() ?? throw node.Wrong("has no \"type\"");
        switch (type)
        {
            case "insecureAcceptAnything":
                OnlyType(node);
                return new AcceptAnything();
            case "reject":
                OnlyType(node);
                return new RejectAlways();
            case "sigstoreSigned":
                return ReadSigstoreSigned(node);
            default:
                throw node.Wrong($"is of type \"{type}\", which is not supported; supported are insecureAcceptAnything, reject and sigstoreSigned");
        }
    }

    private static void OnlyType(PolicyNode node)
    {
        foreach (var member in node.Members().Where(m => m.Name != "type"))
        {
            throw member.Unknown();
        }
    }

    private static SigstoreSigned ReadSigstoreSigned(PolicyNode node)
    {
        List<SigstoreKey>? keys = null;
        var identity = SignedIdentity.Default;
        foreach (var member in node.Members())
        {
            switch (member.Name)
            {
                case "type":
                    break;
                case "keyPath" or "keyPaths" or "keyData" or "keyDatas":
                    keys = keys is null ? ReadKeys(member) : throw node.Wrong("must have one of keyPath, keyPaths, keyData and keyDatas only");
                    break;
                case "signedIdentity":
                    identity = IdentityReader.Read(member);
                    break;
                case "fulcio" or "pki" or "rekorPublicKeyPath" or "rekorPublicKeyPaths" or "rekorPublicKeyData" or "rekorPublicKeyDatas":
                    throw member.Wrong("is not supported: signatures are checked by public keys only");
                default:
                    throw member.Unknown();
            }
        }

        return keys is { Count: > 0 } ? new SigstoreSigned(keys, identity) : throw node.Wrong("has no key");
    }

    private static List<SigstoreKey> ReadKeys(PolicyNode node)
    {
        var isList = node.Name.EndsWith('s');
        var texts = isList ? node.Items().ConvertAll(item => item.Text()) : [node.Text()];
        try
        {
            return node.Name.StartsWith("keyPath", StringComparison.Ordinal)
                ? texts.ConvertAll(path => SigstoreKey.FromPem(Encoding.UTF8.GetString(KeyFiles.ReadSmall(path))))
                : texts.ConvertAll(base64 => SigstoreKey.FromPem(Encoding.UTF8.GetString(Convert.FromBase64String(base64))));
        }
        catch (Exception e) when (e is FormatException or IOException or UnauthorizedAccessException)
        {
            throw node.Wrong(e.Message, e);
        }
    }
}
