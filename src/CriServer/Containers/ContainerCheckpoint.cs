using CriShim.Cri.V1;
using CriShim.Runtime.Contract;
using Google.Protobuf;

namespace CriShim.CriServer.Containers;

/// <summary>The record of a container on disk.</summary>
/// <param name="Version">Of the record's shape.</param>
/// <param name="Config">The client's ContainerConfig as protobuf: fields that this server does not know survive it.</param>
/// <param name="User">LinuxContainerUser as protobuf.</param>
/// <param name="Resources">LinuxContainerResources as protobuf where they are no longer the config's.</param>
internal sealed record ContainerCheckpoint(
    int Version,
    string Id,
    string SandboxId,
    byte[] Config,
    string Name,
    string ImageId,
    string ImageName,
    string ImageReference,
    string? LogPath,
    int StopSignal,
    byte[]? User,
    string CgroupPath,
    SupervisorRecord? Supervisor,
    long CreatedAt,
    long StartingAt,
    long StartedAt,
    long FinishedAt,
    int ExitCode,
    string Reason,
    string Message,
    byte[]? Resources = null,
    IReadOnlyList<string>? VolumeImages = null)
{
    public const string FileName = "container.json";

    private const int CurrentVersion = 1;

    public static ContainerCheckpoint Of(Container container) => new(
        CurrentVersion, container.Id, container.SandboxId, container.Config.ToByteArray(), container.Name, container.ImageId,
        container.ImageName, container.ImageReference, container.LogPath, container.StopSignal, container.User?.ToByteArray(), container.CgroupPath,
        container.Supervisor, container.CreatedAt, container.StartingAt, container.StartedAt, container.FinishedAt, container.ExitCode,
        container.Reason, container.Message,
        ReferenceEquals(container.Resources, container.Config.Linux?.Resources) ? null : container.Resources?.ToByteArray(),
        container.VolumeImages.Count == 0 ? null : container.VolumeImages);

    /// <exception cref="InvalidDataException">Written by a newer server, or not a container's record.</exception>
    public Container ToContainer(string id)
    {
        if (Version != CurrentVersion || Id != id || Config is null || SandboxId is null || Name is null)
        {
            throw new InvalidDataException($"not a record of container \"{id}\" in version {CurrentVersion}");
        }

        var config = ContainerConfig.Parser.ParseFrom(Config);
        return new Container
        {
            Id = Id,
            SandboxId = SandboxId,
            Config = config,
            Name = Name,
            ImageId = ImageId,
            ImageName = ImageName,
            ImageReference = ImageReference,
            LogPath = LogPath,
            StopSignal = StopSignal,
            User = User is null ? null : LinuxContainerUser.Parser.ParseFrom(User),
            Resources = Resources is null ? config.Linux?.Resources : LinuxContainerResources.Parser.ParseFrom(Resources),
            VolumeImages = VolumeImages ?? [],
            CgroupPath = CgroupPath,
            Supervisor = Supervisor,
            CreatedAt = CreatedAt,
            StartingAt = StartingAt,
            StartedAt = StartedAt,
            FinishedAt = FinishedAt,
            ExitCode = ExitCode,
            Reason = Reason,
            Message = Message,
        };
    }
}
