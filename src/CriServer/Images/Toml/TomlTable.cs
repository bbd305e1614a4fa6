namespace CriShim.CriServer.Images.Toml;

/// <summary>A table: keys in the order of the document. Values are string, long, bool, <c>List&lt;object&gt;</c> or <see cref="TomlTable"/>.</summary>
internal sealed class TomlTable
{
    private readonly OrderedDictionary<string, object> _values = new(StringComparer.Ordinal);

    public IEnumerable<KeyValuePair<string, object>> Entries => _values;

    /// <summary>Set when a header or a value defined it: it may not be defined again.</summary>
    public bool Defined { get; set; }

    public object? this[string key] => _values.GetValueOrDefault(key);

    public bool TryAdd(string key, object value) => _values.TryAdd(key, value);
}
