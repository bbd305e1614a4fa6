using System.Collections.Concurrent;

namespace CriShim.CriServer.State;

/// <summary>
/// What was made for callers who had left before it was done. The retry of such a caller, known by the object's name, gets it; a call for a
/// name whose result was delivered is a mistake of the client.
/// </summary>
internal sealed class UnclaimedResults
{
    private readonly ConcurrentDictionary<string, string> _ids = new(StringComparer.Ordinal);

    /// <summary>The object of this name is done and nobody knows its id yet.</summary>
    public void Add(string name, string id) => _ids[name] = id;

    /// <summary>Takes the id for a caller; null where there is nothing to take.</summary>
    public string? Claim(string name) => _ids.TryRemove(name, out var id) ? id : null;

    /// <summary>The object is gone.</summary>
    public void Forget(string name, string id) => _ids.TryRemove(KeyValuePair.Create(name, id));
}
