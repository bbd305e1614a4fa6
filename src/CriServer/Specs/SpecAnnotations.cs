namespace CriShim.CriServer.Specs;

/// <summary>
/// Annotations of the OCI spec: facts about the pod, under the keys that OCI runtimes and hooks look for. None comes from the image.
/// </summary>
internal static class SpecAnnotations
{
    /// <summary>"container": belongs to the pod's sandbox.</summary>
    public const string ContainerType = Prefix + "container-type";

    private const string Prefix = "io.kubernetes.cri.";

    public static Dictionary<string, string> Build(ContainerSpecInputs inputs)
    {
        var pod = inputs.Sandbox.Config.Metadata;
        return new Dictionary<string, string>
        {
            [ContainerType] = "container",
            [Prefix + "container-name"] = inputs.Config.Metadata.Name,
            [Prefix + "sandbox-id"] = inputs.Sandbox.Id,
            [Prefix + "sandbox-name"] = pod.Name,
            [Prefix + "sandbox-namespace"] = pod.Namespace,
            [Prefix + "sandbox-uid"] = pod.Uid,
            [Prefix + "image-name"] = inputs.Image.Name,
        };
    }
}
