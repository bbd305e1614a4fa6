using System.Text.Json;
using YamlDotNet.Core;

namespace CriShim.CriServer.Cdi;

/// <summary>Reads and checks one CDI file, JSON or YAML by its name.</summary>
internal static class CdiFileReader
{
    private const int MaxBytes = 4 * 1024 * 1024;

    private static readonly string[] s_hooks = ["prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"];

    public static bool IsCdiFile(string path) => Path.GetExtension(path) is ".json" or ".yaml" or ".yml";

    /// <exception cref="InvalidDataException">It is not a CDI file; says why.</exception>
    public static CdiSpec Read(string path)
    {
        try
        {
            using var file = File.OpenRead(path);
            if (file.Length > MaxBytes)
            {
                throw new InvalidDataException($"it is longer than {MaxBytes} bytes");
            }

            var spec = Path.GetExtension(path) == ".json"
                ? JsonSerializer.Deserialize(file, CdiJsonContext.Default.CdiSpec)
                : JsonSerializer.Deserialize(YamlDocument.Read(new StreamReader(file)), CdiJsonContext.Default.CdiSpec);
            return spec is null ? throw new InvalidDataException("it is empty") : Checked(spec);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException or YamlException)
        {
            throw new InvalidDataException(e.Message, e);
        }
    }

    private static CdiSpec Checked(CdiSpec spec)
    {
        Require(CdiDeviceName.IsKind(spec.Kind), $"kind \"{spec.Kind}\" is not vendor/class");
        Require(spec.Devices.Count > 0, "devices is empty");
        foreach (var device in spec.Devices)
        {
            Require(CdiDeviceName.IsDevice(device.Name), $"devices: \"{device.Name}\" is no name of a device");
            Require(device.ContainerEdits is { } edits && edits != new CdiContainerEdits(), $"device \"{device.Name}\" has no containerEdits");
        }

        Require(spec.Devices.DistinctBy(device => device.Name).Count() == spec.Devices.Count, "devices: a name is given twice");
        foreach (var edits in spec.Devices.Select(device => device.ContainerEdits).Append(spec.ContainerEdits).OfType<CdiContainerEdits>())
        {
            CheckEdits(edits);
        }

        var version = CdiVersions.Check(spec);
        Require(version is null, version ?? "");
        return spec;
    }

    private static void CheckEdits(CdiContainerEdits edits)
    {
        foreach (var variable in edits.Env ?? [])
        {
            Require(variable.IndexOf('=') > 0, $"env: \"{variable}\" is not NAME=value");
        }

        foreach (var node in edits.DeviceNodes ?? [])
        {
            Require(node.Path.StartsWith('/'), $"deviceNodes: path \"{node.Path}\" is not absolute");
            Require(node.Type is null or "" or "b" or "c" or "u" or "p", $"deviceNodes: type \"{node.Type}\" is none of b, c, u, p");
            Require(
                node.Permissions is null or "none" || !node.Permissions.AsSpan().ContainsAnyExcept("rwm"),
                $"deviceNodes: permissions \"{node.Permissions}\" are not of r, w, m");
        }

        foreach (var mount in edits.Mounts ?? [])
        {
            Require(mount.HostPath.Length > 0, "mounts: hostPath is empty");
            Require(mount.ContainerPath.StartsWith('/'), $"mounts: containerPath \"{mount.ContainerPath}\" is not absolute");
        }

        foreach (var hook in edits.Hooks ?? [])
        {
            Require(Array.IndexOf(s_hooks, hook.HookName) >= 0, $"hooks: hookName \"{hook.HookName}\" is unknown");
            Require(hook.Path.StartsWith('/'), $"hooks: path \"{hook.Path}\" is not absolute");
            Require(hook.Timeout is null or > 0, "hooks: timeout is not above zero");
        }

        foreach (var device in edits.NetDevices ?? [])
        {
            Require(device.HostInterfaceName.Length > 0 && device.Name.Length > 0, "netDevices: a name is empty");
        }

        Require(edits.IntelRdt?.ClosId is not { } closId || IsClosId(closId), "intelRdt: closID is no file name");
    }

    private static bool IsClosId(string id) => id == "/" || (id is not ("." or "..") && id.Length < 256 && !id.AsSpan().ContainsAny("/\n"));

    private static void Require(bool holds, string problem)
    {
        if (!holds)
        {
            throw new InvalidDataException(problem);
        }
    }
}
