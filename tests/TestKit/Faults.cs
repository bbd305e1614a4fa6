using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace CriShim.TestKit;

/// <summary>Answers a request wrongly and returns true; false: the request is answered as it should be.</summary>
/// <param name="content">What lies at the path; null: nothing.</param>
public delegate Task<bool> Fault(HttpContext context, byte[]? content);

/// <summary>What can go wrong with a registry. The faults in bytes are those of layers; manifests and configs come right.</summary>
public static class Faults
{
    /// <summary>Every answer breaks off after so many bytes.</summary>
    public static Fault DropAfter(int bytes) => OfLayers(async (context, content) =>
    {
        await FaultRegistry.WriteAsync(context, content, FaultRegistry.FromOf(context), bytes);
        await BreakOffAsync(context);
    });

    /// <summary>As <see cref="DropAfter"/>, and ranges are not known: each answer begins at the first byte and is <paramref name="more"/> longer than the last.</summary>
    public static Fault DropWithoutRanges(int bytes, int more)
    {
        var reach = bytes - more;
        return OfLayers(async (context, content) =>
        {
            reach += more;
            await FaultRegistry.WriteAsync(context, content, 0, reach);
            if (reach < content.Length)
            {
                await BreakOffAsync(context);
            }
        });
    }

    /// <summary>The first answer breaks off; ranges are answered with bytes of another place, and said so.</summary>
    public static Fault WrongRanges(int bytes)
    {
        var answers = 0;
        return OfLayers(async (context, content) =>
        {
            var from = FaultRegistry.FromOf(context);
            var first = answers++ == 0;
            await FaultRegistry.WriteAsync(context, content, from / 2, first ? bytes : null);
            if (first)
            {
                await BreakOffAsync(context);
            }
        });
    }

    /// <summary>The first answer breaks off; ranges are answered with bytes of another place, under the headers of the right one.</summary>
    public static Fault LyingRanges(int bytes) => OfLayers(async (context, content) =>
    {
        var from = FaultRegistry.FromOf(context);
        if (from == 0)
        {
            await FaultRegistry.WriteAsync(context, content, 0, bytes);
            await BreakOffAsync(context);
            return;
        }

        byte[] other = [.. content[..from], .. content[from..].Reverse()];
        await FaultRegistry.WriteAsync(context, other, from);
    });

    /// <summary>A few bytes now and then.</summary>
    public static Fault Trickle(TimeSpan pause) => OfLayers(async (context, content) =>
    {
        context.Response.ContentLength = content.Length;
        for (var i = 0; i < content.Length && !context.RequestAborted.IsCancellationRequested; i++)
        {
            await context.Response.Body.WriteAsync(content.AsMemory(i, 1), context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
            await Task.Delay(pause, context.RequestAborted);
        }
    });

    /// <summary>Some bytes once, then silence; the connections after the first <paramref name="times"/> are well.</summary>
    public static Fault StallAfter(int bytes, int times = int.MaxValue)
    {
        var stalled = 0;
        return async (context, content) =>
        {
            if (content is null || !FaultRegistry.IsLayer(content) || stalled++ >= times)
            {
                return false;
            }

            await FaultRegistry.WriteAsync(context, content, FaultRegistry.FromOf(context), bytes);
            await Task.Delay(TimeSpan.FromMinutes(1), context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
            return true;
        };
    }

    /// <summary>More and more bytes, with no length said.</summary>
    public static Fault Endless() => OfLayers(async (context, content) =>
    {
        await context.Response.Body.WriteAsync(content, context.RequestAborted);
        while (!context.RequestAborted.IsCancellationRequested)
        {
            await context.Response.Body.WriteAsync(new byte[64 * 1024], context.RequestAborted);
        }
    });

    /// <summary>The first <paramref name="times"/> requests of each path get this status.</summary>
    public static Fault Status(int status, int times, string? retryAfter = null)
    {
        var seen = new Dictionary<string, int>(StringComparer.Ordinal);
        return (context, _) =>
        {
            var path = context.Request.Path.Value!;
            int count;
            lock (seen)
            {
                count = seen[path] = seen.GetValueOrDefault(path) + 1;
            }

            context.Response.StatusCode = count <= times ? status : 200;
            if (retryAfter is not null && count <= times)
            {
                context.Response.Headers.RetryAfter = retryAfter;
            }

            return Task.FromResult(count <= times);
        };
    }

    /// <summary>Retry-After as a date, this much from now.</summary>
    public static string HttpDate(TimeSpan fromNow) => HeaderUtilities.FormatDate(DateTimeOffset.UtcNow + fromNow);

    /// <summary>Blobs are elsewhere.</summary>
    /// <param name="target">Scheme and authority.</param>
    public static Fault Redirect(string target) => (context, content) =>
    {
        if (!context.Request.Path.Value!.Contains("/blobs/", StringComparison.Ordinal))
        {
            return Task.FromResult(false);
        }

        context.Response.Redirect(target + context.Request.Path);
        return Task.FromResult(true);
    };

    /// <summary>Every path is a longer one.</summary>
    public static Fault EndlessRedirects()
    {
        var hop = 0;
        return (context, _) =>
        {
            context.Response.Redirect("/hop" + (++hop).ToString(CultureInfo.InvariantCulture));
            return Task.FromResult(true);
        };
    }

    /// <summary>Tokens from /token, each good for so many requests.</summary>
    public static Fault ShortTokens(string host, int requests)
    {
        var issued = 0;
        var left = 0;
        return async (context, _) =>
        {
            if (context.Request.Path == "/token")
            {
                left = requests;
                await context.Response.WriteAsync($$"""{"token":"T{{++issued}}","expires_in":300}""");
                return true;
            }

            if (context.Request.Headers.Authorization == $"Bearer T{issued}" && left-- > 0)
            {
                return false;
            }

            context.Response.StatusCode = 401;
            context.Response.Headers.WWWAuthenticate = $"Bearer realm=\"http://{host}/token\",service=\"s\",scope=\"repository:app:pull\"";
            return true;
        };
    }

    private static Fault OfLayers(Func<HttpContext, byte[], Task> answer) => async (context, content) =>
    {
        if (content is null || !FaultRegistry.IsLayer(content))
        {
            return false;
        }

        await answer(context, content);
        return true;
    };

    /// <summary>Gives the client a moment to read: what is under way is lost.</summary>
    private static async Task BreakOffAsync(HttpContext context)
    {
        await Task.Delay(100);
        context.Abort();
    }
}
