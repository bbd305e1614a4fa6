using System.Collections.Concurrent;

namespace CriShim.CriServer.State;

/// <summary>Which id has which name. A name (the metadata of a sandbox or container) belongs to one object at a time.</summary>
internal sealed class NameRegistry
{
    private readonly ConcurrentDictionary<string, string> _owners = new(StringComparer.Ordinal);

    /// <summary>Takes <paramref name="name"/> for <paramref name="id"/>.</summary>
    /// <returns>The id that has the name afterwards: another one means that it was taken.</returns>
    public string Reserve(string name, string id) => _owners.GetOrAdd(name, id);

    /// <summary>Gives the name back; does nothing where it belongs to another.</summary>
    public void Release(string name, string id) => _owners.TryRemove(KeyValuePair.Create(name, id));
}
