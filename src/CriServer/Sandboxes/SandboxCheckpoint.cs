using CriShim.Cri.V1;
using Google.Protobuf;

namespace CriShim.CriServer.Sandboxes;

/// <summary>The record of a sandbox on disk.</summary>
/// <param name="Version">Of the record's shape.</param>
/// <param name="Config">The client's PodSandboxConfig as protobuf: fields that this server does not know survive it.</param>
internal sealed record SandboxCheckpoint(
    int Version,
    string Id,
    byte[] Config,
    string RuntimeHandler,
    long CreatedAt,
    long ReadyAt,
    long StoppedAt,
    bool Released,
    IReadOnlyList<string> Addresses,
    int InitPid,
    ulong InitStartTime,
    string? SelinuxLevel = null)
{
    public const string FileName = "sandbox.json";

    private const int CurrentVersion = 1;

    public static SandboxCheckpoint Of(Sandbox sandbox) => new(
        CurrentVersion, sandbox.Id, sandbox.Config.ToByteArray(), sandbox.RuntimeHandler, sandbox.CreatedAt, sandbox.ReadyAt, sandbox.StoppedAt,
        sandbox.Released, sandbox.Addresses, sandbox.InitPid, sandbox.InitStartTime, sandbox.SelinuxLevel);

    /// <exception cref="InvalidDataException">Written by a newer server, or not a sandbox's record.</exception>
    public Sandbox ToSandbox(string id)
    {
        if (Version != CurrentVersion || Id != id || Config is null)
        {
            throw new InvalidDataException($"not a record of sandbox \"{id}\" in version {CurrentVersion}");
        }

        return new Sandbox
        {
            Id = Id,
            Config = PodSandboxConfig.Parser.ParseFrom(Config),
            RuntimeHandler = RuntimeHandler ?? "",
            CreatedAt = CreatedAt,
            ReadyAt = ReadyAt,
            StoppedAt = StoppedAt,
            Released = Released,
            Addresses = Addresses ?? [],
            InitPid = InitPid,
            InitStartTime = InitStartTime,
            SelinuxLevel = SelinuxLevel,
        };
    }
}
