using System.Text.Json;
using CriShim.Linux;
using CriShim.Oci.RuntimeSpec;
using CriShim.Runtime.Containers;
using CriShim.Runtime.Contract;
using Microsoft.Win32.SafeHandles;

namespace CriShim.Runtime.Security;

/// <summary>
/// The agent that decides on system calls with SCMP_ACT_NOTIFY: it gets the filter's listener and whose it is, over the socket that the
/// profile names (config-linux.md, "The Container Process State").
/// </summary>
internal static class SeccompListener
{
    private const string DescriptorName = "seccompFd";

    /// <summary>One connection for each process. Throws <see cref="RuntimeException"/> that names the socket.</summary>
    public static SafeFileHandle Connect(SeccompSpec profile)
    {
        try
        {
            return UnixStream.Connect(profile.ListenerPath!);
        }
        catch (LinuxException e)
        {
            throw new RuntimeException(
                new RuntimeError(RuntimeErrorKind.InvalidArgument, $"failed to reach the agent of linux.seccomp.listenerPath: {e.Message}", "seccomp", (int)e.Errno, e.Call), e);
        }
    }

    /// <summary>What is sent beside the descriptor.</summary>
    /// <param name="pid">Of the process that the filter is for.</param>
    public static byte[] ProcessState(SeccompSpec profile, int pid, State container)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            writer.WriteStartObject();
            writer.WriteString("ociVersion", Spec.CurrentVersion);
            writer.WriteStartArray("fds");
            writer.WriteStringValue(DescriptorName);
            writer.WriteEndArray();
            writer.WriteNumber("pid", pid);
            if (!string.IsNullOrEmpty(profile.ListenerMetadata))
            {
                writer.WriteString("metadata", profile.ListenerMetadata);
            }

            writer.WritePropertyName("state");
            writer.WriteRawValue(StateWriter.Write(container));
            writer.WriteEndObject();
        }

        return stream.ToArray();
    }
}
