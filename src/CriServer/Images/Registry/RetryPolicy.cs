using System.Net.Http.Headers;
using CriShim.CriServer.Configuration;
using Microsoft.Extensions.Logging;

namespace CriShim.CriServer.Images.Registry;

/// <summary>
/// How often and when a host is asked again: what is transient a few times, each wait twice the one before, or as long as the host wants
/// it (Retry-After; RFC 9110, 10.2.3) unless that is too long to wait.
/// </summary>
internal sealed class RetryPolicy(ImageOptions options, TimeProvider time, ILogger log)
{
    /// <summary>Waits and returns true when the request should be made again.</summary>
    /// <param name="failures">Failures before this one.</param>
    /// <param name="origin">The host, for the log.</param>
    public async Task<bool> WaitAsync(RegistryException failure, int failures, string origin, CancellationToken cancellation)
    {
        if (!failure.IsTransient || failures >= options.RequestRetries || Delay(failure.RetryAfter, failures) is not { } delay)
        {
            return false;
        }

        ImageLog.RegistryAskedAgain(log, origin, failure.Message, delay.TotalMilliseconds);
        await Task.Delay(delay, time, cancellation);
        return true;
    }

    /// <summary>Null: too long.</summary>
    private TimeSpan? Delay(RetryConditionHeaderValue? wanted, int failures)
    {
        var own = TimeSpan.FromMilliseconds((double)options.RetryDelayMilliseconds * (1 << Math.Min(failures, 10)));
        var asked = wanted?.Delta ?? (wanted?.Date - time.GetUtcNow()) ?? TimeSpan.Zero;
        var delay = asked > own ? asked : own;
        return delay.TotalSeconds <= options.MaxRetryWaitSeconds ? delay : null;
    }
}
