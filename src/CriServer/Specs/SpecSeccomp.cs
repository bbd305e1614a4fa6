using System.Text.Json;
using CriShim.Cri.V1;
using CriShim.CriServer.Errors;
using CriShim.Oci;
using CriShim.Oci.RuntimeSpec;
using ProfileType = CriShim.Cri.V1.SecurityProfile.Types.ProfileType;

namespace CriShim.CriServer.Specs;

/// <summary>The seccomp filter that is asked for: none, our default one, or one in a file of the host.</summary>
internal static class SpecSeccomp
{
    private const string Field = "linux.security_context.seccomp";
    private const string LocalhostPrefix = "localhost/";
    private const int MaximumProfileBytes = 1024 * 1024;

    /// <summary>Null is unconfined: asked for, nothing asked, or privileged.</summary>
    public static SeccompSpec? Build(ContainerSpecInputs inputs, CapabilitiesSpec capabilities)
    {
        if (inputs.Privileged || inputs.SecurityContext is not { } context || Profile(context) is not { } profile)
        {
            return null;
        }

        return profile.ProfileType switch
        {
            ProfileType.Unconfined => null,
            ProfileType.RuntimeDefault => DefaultSeccompProfile.Build(capabilities.Bounding ?? []),
            ProfileType.Localhost => Read(profile.LocalhostRef, inputs.HostFiles),
            _ => throw CriException.InvalidArgument($"{Field}.profile_type has the unknown value {profile.ProfileType:D}"),
        };
    }

    /// <summary>The profile field, or what the deprecated path field means.</summary>
    private static SecurityProfile? Profile(LinuxContainerSecurityContext context)
    {
#pragma warning disable CS0612 // older clients send only the deprecated field
        var path = context.SeccompProfilePath;
#pragma warning restore CS0612
        return context.Seccomp ?? path switch
        {
            "" => null,
            "unconfined" => new SecurityProfile { ProfileType = ProfileType.Unconfined },
            "runtime/default" or "docker/default" => new SecurityProfile { ProfileType = ProfileType.RuntimeDefault },
            _ => new SecurityProfile { ProfileType = ProfileType.Localhost, LocalhostRef = path },
        };
    }

    private static SeccompSpec Read(string reference, IHostFiles host)
    {
        var path = reference.StartsWith(LocalhostPrefix, StringComparison.Ordinal) ? reference[LocalhostPrefix.Length..] : reference;
        TextRules.RequireAbsolutePath(path, $"{Field}.localhost_ref");
        try
        {
            var json = host.Read(path, MaximumProfileBytes) ?? throw Failed(path, "the file does not exist");
            return Parse(json, path);
        }
        catch (Exception e) when (e is JsonException or IOException)
        {
            throw Failed(path, e.Message, e);
        }
    }

    private static SeccompSpec Parse(byte[] json, string path)
    {
        using var document = JsonDocument.Parse(json);
        if (HasConditions(document.RootElement))
        {
            // Read as unconditional, such a rule would allow more than its author meant.
            throw Failed(path, "rules with includes or excludes are not part of the OCI format");
        }

        return document.Deserialize(OciJsonContext.Default.SeccompSpec) ?? throw Failed(path, "the file holds no profile");
    }

    private static bool HasConditions(JsonElement root) =>
        root.ValueKind == JsonValueKind.Object
        && root.TryGetProperty("syscalls", out var rules)
        && rules.ValueKind == JsonValueKind.Array
        && rules.EnumerateArray().Any(rule => IsGiven(rule, "includes") || IsGiven(rule, "excludes"));

    private static bool IsGiven(JsonElement rule, string name) =>
        rule.ValueKind == JsonValueKind.Object
        && rule.TryGetProperty(name, out var value)
        && value.ValueKind == JsonValueKind.Object
        && value.EnumerateObject().Any();

    private static CriException Failed(string path, string cause, Exception? exception = null) =>
        new(CriErrorKind.InvalidArgument, $"{Field}.localhost_ref: failed to load seccomp profile \"{TextRules.Printable(path)}\": {cause}", exception);
}
