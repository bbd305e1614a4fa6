namespace CriShim.CriServer.Images.Signatures;

/// <summary>An image that the signature policy refuses; the text is the cause only.</summary>
internal sealed class SignatureException(string message, Exception? cause = null) : Exception(message, cause)
{
    /// <summary>What the kubelet looks for at the start of a status of code Unknown (cri-api, pkg/errors).</summary>
    public const string KubeletPrefix = "SignatureValidationFailed: ";
}
