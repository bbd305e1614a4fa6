using System.Collections.Concurrent;
using CriShim.CriServer.Errors;

namespace CriShim.CriServer.State;

/// <summary>
/// Immutable snapshots by id. A change is recorded on disk, then replaces the snapshot; readers take no lock and see each object whole, as
/// it was at some moment.
/// </summary>
/// <param name="kind">What the objects are called in errors.</param>
/// <param name="record">Writes the object's checkpoint.</param>
internal class ObjectStore<T>(string kind, Func<T, string> idOf, Action<T> record)
    where T : class
{
    /// <summary>Writers of one object must not overtake each other; writers of different ones rarely meet.</summary>
    private const int WriteLocks = 16;

    private readonly ConcurrentDictionary<string, T> _objects = new(StringComparer.Ordinal);
    private readonly Lock[] _writes = [.. Enumerable.Range(0, WriteLocks).Select(_ => new Lock())];

    /// <summary>All objects, in no order.</summary>
    public IEnumerable<T> All()
    {
        foreach (var (_, item) in _objects)
        {
            yield return item;
        }
    }

    /// <summary>The object with this id, or the only one whose id begins so; null when there is none.</summary>
    /// <exception cref="CriException">More than one id begins so.</exception>
    public T? Find(string idOrPrefix)
    {
        if (_objects.TryGetValue(idOrPrefix, out var exact) || idOrPrefix.Length is 0 or >= IdGenerator.Length)
        {
            return exact;
        }

        T? found = null;
        foreach (var (id, item) in _objects)
        {
            if (id.StartsWith(idOrPrefix, StringComparison.Ordinal))
            {
                found = found is null ? item : throw CriException.InvalidArgument($"{kind} id \"{idOrPrefix}\" is ambiguous");
            }
        }

        return found;
    }

    /// <inheritdoc cref="Find"/>
    /// <exception cref="CriException">There is none, or more than one.</exception>
    public T Get(string idOrPrefix) => Find(idOrPrefix) ?? throw CriException.NotFound(kind, idOrPrefix);

    /// <summary>Writes the object's checkpoint without showing the object to clients: the intent to make it.</summary>
    public void Record(T item) => record(item);

    /// <summary>Writes the object's checkpoint and shows it to clients.</summary>
    public void Add(T item)
    {
        lock (LockOf(idOf(item)))
        {
            record(item);
            _objects[idOf(item)] = item;
        }
    }

    /// <summary>Shows an object whose checkpoint has just been read.</summary>
    public void Restore(T item) => _objects[idOf(item)] = item;

    /// <summary>Replaces the object by what <paramref name="change"/> makes of it; the same object means no change.</summary>
    /// <returns>The new snapshot; null when the object is gone.</returns>
    public T? Update(string id, Func<T, T> change)
    {
        lock (LockOf(id))
        {
            if (!_objects.TryGetValue(id, out var current))
            {
                return null;
            }

            var changed = change(current);
            if (!ReferenceEquals(changed, current))
            {
                record(changed);
                _objects[id] = changed;
            }

            return changed;
        }
    }

    /// <summary>Replaces the object in memory alone: for a fact that holds whether or not the disk takes its record.</summary>
    public void UpdateUnrecorded(string id, Func<T, T> change)
    {
        lock (LockOf(id))
        {
            if (_objects.TryGetValue(id, out var current))
            {
                _objects[id] = change(current);
            }
        }
    }

    /// <summary>Hides the object from clients and ends changes to its checkpoint.</summary>
    public void Remove(string id)
    {
        lock (LockOf(id))
        {
            _objects.TryRemove(id, out _);
        }
    }

    private Lock LockOf(string id) => _writes[(uint)id.GetHashCode(StringComparison.Ordinal) % WriteLocks];
}
