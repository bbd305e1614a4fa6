using System.Text.Json;
using CriShim.Runtime.Contract;

namespace CriShim.CriServer.Containers;

/// <summary>The exit record that a supervisor leaves behind.</summary>
internal static class ExitRecordFile
{
    /// <summary>Null where there is none that can be read.</summary>
    public static ExitRecord? Read(StateLayout layout, string containerId)
    {
        try
        {
            var bytes = File.ReadAllBytes(Path.Combine(layout.ContainerFolder(containerId), StateLayout.ExitRecordFile));
            return JsonSerializer.Deserialize(bytes, ContractJsonContext.Default.ExitRecord);
        }
        catch (Exception e) when (e is IOException or JsonException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
