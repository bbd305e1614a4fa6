using System.Text;
using CriShim.CriServer.Errors;

namespace CriShim.CriServer.Specs;

/// <summary>
/// The environment: defaults, then the image's, then the client's; the last value of a name wins and keeps the place of the first.
/// Values are bytes and need not be UTF-8.
/// </summary>
internal sealed class SpecEnvironment
{
    private const string DefaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    private readonly List<byte[]> _entries = [];
    private readonly Dictionary<string, int> _places = [];

    private SpecEnvironment()
    {
    }

    public static IReadOnlyList<byte[]> Build(ContainerSpecInputs inputs)
    {
        var environment = new SpecEnvironment();
        environment.Set("PATH", DefaultPath);
        environment.Set("HOSTNAME", inputs.Sandbox.Hostname);
        if (inputs.Config.Tty)
        {
            environment.Set("TERM", "xterm");
        }

        environment.AddImage(inputs.Image.Env);
        foreach (var env in inputs.Config.Envs)
        {
            environment.SetChecked(env.Key, env.Value.Span, "envs");
        }

        environment.SetDefault("HOME", inputs.User.Home);
        return environment._entries;
    }

    /// <summary>Entries without '=' name nothing and are left out, as container engines do.</summary>
    private void AddImage(IReadOnlyList<string> entries)
    {
        foreach (var entry in entries)
        {
            var end = entry.IndexOf('=');
            if (end > 0)
            {
                SetChecked(entry[..end], Encoding.UTF8.GetBytes(entry[(end + 1)..]), "the image's env");
            }
        }
    }

    private void SetChecked(string name, ReadOnlySpan<byte> value, string field)
    {
        TextRules.RequireText(name, $"a name in {field}");
        if (name.Contains('=') || value.Contains((byte)0))
        {
            throw CriException.InvalidArgument($"{field} \"{TextRules.Printable(name)}\": a name holds no '=' and a value no NUL");
        }

        Set(name, value);
    }

    private void SetDefault(string name, string value)
    {
        if (!_places.ContainsKey(name))
        {
            Set(name, value);
        }
    }

    private void Set(string name, string value) => Set(name, Encoding.UTF8.GetBytes(value));

    private void Set(string name, ReadOnlySpan<byte> value)
    {
        byte[] entry = [.. Encoding.UTF8.GetBytes(name), (byte)'=', .. value];
        if (_places.TryGetValue(name, out var place))
        {
            _entries[place] = entry;
            return;
        }

        _places.Add(name, _entries.Count);
        _entries.Add(entry);
    }
}
