using CriShim.CriServer.Errors;
using CriShim.CriServer.Images.Content;

namespace CriShim.CriServer.Images.Registry;

/// <summary>
/// The hosts of one pull, asked in order; those that lately did not answer come last. A host that is busy is left for the next one at once;
/// when none gave what was asked for, the busy ones are asked again after a while.
/// </summary>
internal sealed class HostSequence(string registry, IReadOnlyList<RegistryClient> hosts, HostHealth health, RetryPolicy retry) : IDisposable
{
    public void Dispose()
    {
        foreach (var host in hosts)
        {
            host.Dispose();
        }
    }

    /// <param name="can">Which hosts may be asked for this.</param>
    /// <param name="attempt">Asks one host; may be called several times.</param>
    /// <exception cref="CriException">None gave it: every host asked, and its last answer.</exception>
    public async Task<T> TryAsync<T>(Func<RegistryEndpoint, bool> can, Func<RegistryClient, Task<T>> attempt, CancellationToken cancellation)
    {
        var failures = new Dictionary<RegistryClient, Exception>();
        var round = hosts.Where(h => can(h.Endpoint)).OrderBy(h => health.IsDoubtful(h.Endpoint.Origin)).ToList();
        for (var rounds = 0; round.Count > 0; rounds++)
        {
            Exception? last = null;
            foreach (var host in round.Where(h => !IsUseless(h, last)))
            {
                try
                {
                    var result = await attempt(host);
                    health.MarkWell(host.Endpoint.Origin);
                    return result;
                }
                catch (Exception e) when (e is RegistryException or ContentException)
                {
                    failures[host] = last = e;
                    Note(host, e);
                }
            }

            round = await WaitForBusyAsync(failures, rounds, cancellation);
        }

        throw Describe(failures);
    }

    /// <returns>Whom to ask again; empty: nobody.</returns>
    private async Task<List<RegistryClient>> WaitForBusyAsync(
        Dictionary<RegistryClient, Exception> failures, int rounds, CancellationToken cancellation)
    {
        var busy = failures.Where(f => f.Value is RegistryException { IsTransient: true }).ToList();
        return busy.Count > 0
            && await retry.WaitAsync((RegistryException)busy[0].Value, rounds, busy[0].Key.Endpoint.Origin, cancellation)
                ? busy.ConvertAll(b => b.Key)
                : [];
    }

    private void Note(RegistryClient host, Exception failure)
    {
        if (failure is RegistryException { Failure: RegistryFailure.Unavailable })
        {
            health.MarkFailed(host.Endpoint.Origin);
        }
    }

    /// <summary>TLS after an answer in plain HTTP, other than 400, which servers that want TLS give.</summary>
    private static bool IsUseless(RegistryClient host, Exception? before) => host.Endpoint.IsTlsFallback && before switch
    {
        null => false,
        RegistryException { Failure: RegistryFailure.NotUnderstood } => false,
        RegistryException { Failure: RegistryFailure.Unavailable, Status: null } => false,
        _ => true,
    };

    /// <summary>In the order of the configuration: what the registry itself said, the last one, decides the code.</summary>
    private CriException Describe(Dictionary<RegistryClient, Exception> failures)
    {
        var asked = hosts.Where(failures.ContainsKey).ToList();
        if (asked.Count == 0)
        {
            return new CriException(CriErrorKind.Unknown, $"no host of {registry} may be asked for this");
        }

        var last = failures[asked[^1]];
        var kind = last is RegistryException failure ? failure.Kind : CriErrorKind.Unknown;
        return new CriException(kind, string.Join("; ", asked.Select(host => $"{host.Endpoint.Origin}: {failures[host].Message}")), last);
    }
}
