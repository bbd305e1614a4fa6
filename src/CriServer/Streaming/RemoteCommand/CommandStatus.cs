using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace CriShim.CriServer.Streaming.RemoteCommand;

/// <summary>How a remote command ended: as much of Kubernetes' metav1.Status as its clients read.</summary>
internal sealed record CommandStatus(
    string Status, string? Message = null, string? Reason = null, CommandStatusDetails? Details = null, int? Code = null)
{
    private const string NonZeroExitCode = "NonZeroExitCode";
    private const string ExitCodeCause = "ExitCode";

    public static CommandStatus Exited(int code) => code == 0
        ? new CommandStatus("Success")
        : new CommandStatus(
            "Failure",
            $"command terminated with non-zero exit code: {code}",
            NonZeroExitCode,
            new CommandStatusDetails([new CommandStatusCause(ExitCodeCause, code.ToString(CultureInfo.InvariantCulture))]));

    public static CommandStatus Failed(string message) =>
        new("Failure", $"Internal error occurred: {message}", "InternalError", Code: 500);

    /// <summary>What is written to the error stream.</summary>
    /// <param name="asJson">Protocol version 4 and newer; before, a text, and nothing of a success.</param>
    public byte[] ToBytes(bool asJson) => asJson
        ? JsonSerializer.SerializeToUtf8Bytes(this, CommandStatusJsonContext.Default.CommandStatus)
        : System.Text.Encoding.UTF8.GetBytes(Message ?? "");
}

/// <inheritdoc cref="CommandStatus"/>
internal sealed record CommandStatusDetails(IReadOnlyList<CommandStatusCause> Causes);

/// <inheritdoc cref="CommandStatus"/>
/// <param name="Reason">Kind of cause.</param>
internal sealed record CommandStatusCause(string Reason, string Message);

/// <summary>Source-generated JSON of <see cref="CommandStatus"/>.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    GenerationMode = JsonSourceGenerationMode.Serialization)]
[JsonSerializable(typeof(CommandStatus))]
internal sealed partial class CommandStatusJsonContext : JsonSerializerContext;
