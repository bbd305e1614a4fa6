using System.Buffers;
using System.Net;
using CriShim.Cri.V1;
using CriShim.CriServer.Configuration;
using CriShim.CriServer.Errors;
using Google.Protobuf.Collections;

namespace CriShim.CriServer.Specs;

/// <summary>What a pod's config must be before anything is made for it. All failures are InvalidArgument and name the field.</summary>
internal static class SandboxConfigValidator
{
    private const int MaximumHostname = 64; // sethostname(2)
    private const int MaximumPort = 65535;
    private const string Context = "linux.security_context";

    private static readonly SearchValues<char> s_hostnameCharacters =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._");

    public static void Check(PodSandboxConfig? config, SpecOptions options)
    {
        if (config is null)
        {
            throw CriException.InvalidArgument("config is missing");
        }

        CheckMetadata(config.Metadata);
        CheckHostname(config.Hostname);
        CheckLogFolder(config.LogDirectory);
        CheckDns(config.DnsConfig);
        CheckPortMappings(config.PortMappings);
        MetadataRules.CheckLabels(config.Labels);
        MetadataRules.CheckAnnotations(config.Annotations);
        CheckSecurityContext(config.Linux?.SecurityContext);
        SpecResources.CheckFigures(config.Linux?.Resources, "linux.resources");
        SpecResources.CheckFigures(config.Linux?.Overhead, "linux.overhead");
        SandboxSysctls.Build(config, options);
    }

    private static void CheckMetadata(PodSandboxMetadata? metadata)
    {
        if (metadata is null)
        {
            throw CriException.InvalidArgument("metadata is missing");
        }

        MetadataRules.CheckName(metadata.Name, "metadata.name");
        MetadataRules.CheckName(metadata.Namespace, "metadata.namespace");
        MetadataRules.CheckName(metadata.Uid, "metadata.uid");
    }

    private static void CheckHostname(string hostname)
    {
        if (hostname.Length > MaximumHostname || hostname.AsSpan().ContainsAnyExcept(s_hostnameCharacters))
        {
            throw CriException.InvalidArgument(
                $"hostname \"{TextRules.Printable(hostname)}\" is too long (over {MaximumHostname}) or holds a character that host names lack");
        }
    }

    private static void CheckLogFolder(string folder)
    {
        if (folder.Length == 0)
        {
            return;
        }

        TextRules.RequireAbsolutePath(folder, "log_directory");
        if (folder.Split('/').Contains(".."))
        {
            throw CriException.InvalidArgument($"log_directory \"{TextRules.Printable(folder)}\" holds \"..\"");
        }
    }

    /// <summary>Every entry becomes a word in resolv.conf: a newline in it would add lines.</summary>
    private static void CheckDns(DNSConfig? dns)
    {
        CheckWords(dns?.Servers ?? [], "dns_config.servers");
        CheckWords(dns?.Searches ?? [], "dns_config.searches");
        CheckWords(dns?.Options ?? [], "dns_config.options");
    }

    private static void CheckWords(IEnumerable<string> words, string field)
    {
        foreach (var word in words)
        {
            if (word.Length == 0 || word.Contains(' ') || TextRules.HasControlCharacter(word))
            {
                throw CriException.InvalidArgument($"{field} \"{TextRules.Printable(word)}\" is not a single word");
            }
        }
    }

    private static void CheckPortMappings(RepeatedField<PortMapping> mappings)
    {
        for (var i = 0; i < mappings.Count; i++)
        {
            var mapping = mappings[i];
            var field = $"port_mappings[{i}]";
            TextRules.RequireKnown(mapping.Protocol, $"{field}.protocol");
            RequirePort(mapping.ContainerPort, 1, $"{field}.container_port");
            RequirePort(mapping.HostPort, 0, $"{field}.host_port");
            if (mapping.HostIp.Length > 0 && !IPAddress.TryParse(mapping.HostIp, out _))
            {
                throw CriException.InvalidArgument($"{field}.host_ip \"{TextRules.Printable(mapping.HostIp)}\" is not an address");
            }
        }
    }

    private static void RequirePort(int port, int minimum, string field)
    {
        if (port < minimum || port > MaximumPort)
        {
            throw CriException.InvalidArgument($"{field} {port} is not within {minimum} to {MaximumPort}");
        }
    }

    private static void CheckSecurityContext(LinuxSandboxSecurityContext? context)
    {
        if (context is null)
        {
            return;
        }

        if (context.RunAsGroup is not null && context.RunAsUser is null)
        {
            throw CriException.InvalidArgument($"{Context}.run_as_group is given without run_as_user");
        }

        CheckIds(context);
        TextRules.RequireKnown(context.SupplementalGroupsPolicy, $"{Context}.supplemental_groups_policy");
        ProfileRules.Check(context.Seccomp, $"{Context}.seccomp");
        ProfileRules.Check(context.Apparmor, $"{Context}.apparmor");
        NamespaceRules.CheckPod(context.NamespaceOptions, $"{Context}.namespace_options");
    }

    /// <summary>No process of ours runs as them, but what is no id here is none in a container either.</summary>
    private static void CheckIds(LinuxSandboxSecurityContext context)
    {
        UserReference.Id(context.RunAsUser?.Value ?? 0, $"{Context}.run_as_user");
        UserReference.Id(context.RunAsGroup?.Value ?? 0, $"{Context}.run_as_group");
        foreach (var group in context.SupplementalGroups)
        {
            UserReference.Id(group, $"{Context}.supplemental_groups");
        }
    }
}
