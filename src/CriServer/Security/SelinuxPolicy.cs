using CriShim.CriServer.Specs;
using CriShim.Linux;

namespace CriShim.CriServer.Security;

/// <summary>What the host's SELinux policy says of containers (selinux_config(5), lxc_contexts(5)).</summary>
/// <param name="etc">/etc/selinux, or a folder that stands for it.</param>
internal sealed class SelinuxPolicy(SecurityModules modules, string etc = "/etc/selinux")
{
    private static readonly SelinuxLabel s_process = new("system_u", "system_r", "container_t", "s0");
    private static readonly SelinuxLabel s_file = new("system_u", "object_r", "container_file_t", "s0");

    /// <summary>Null where the kernel runs without SELinux.</summary>
    public SelinuxDefaults? Read()
    {
        if (!modules.HasSelinux)
        {
            return null;
        }

        var type = Values(Path.Combine(etc, "config")).GetValueOrDefault("SELINUXTYPE", "targeted");
        var contexts = Values(Path.Combine(etc, type, "contexts", "lxc_contexts"));
        return new SelinuxDefaults(Label(contexts, "process") ?? s_process, Label(contexts, "file") ?? s_file);
    }

    private static SelinuxLabel? Label(Dictionary<string, string> contexts, string key) =>
        contexts.TryGetValue(key, out var text) ? SelinuxLabel.Parse(text) : null;

    /// <summary>Lines "key = value", the value perhaps in quotes; comments begin with "#".</summary>
    private static Dictionary<string, string> Values(string path)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var line in File.Exists(path) ? File.ReadLines(path) : [])
        {
            var equals = line.IndexOf('=');
            if (equals > 0 && line.TrimStart()[0] != '#')
            {
                values[line[..equals].Trim()] = line[(equals + 1)..].Trim().Trim('"');
            }
        }

        return values;
    }
}
