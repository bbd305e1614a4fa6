using System.Net;
using CriShim.CriServer.Configuration;
using CriShim.CriServer.Images.Content;
using CriShim.CriServer.Images.Layers;
using CriShim.Oci.ImageSpec;

namespace CriShim.CriServer.Images.Registry;

/// <summary>
/// The bytes of a blob from one host, as one stream however often the connection breaks: what is missing is asked for by Range
/// (RFC 9110, 14), and from a host that does not know ranges what is known already is skipped. Nothing is verified here: what a host gives
/// after a break may be other content, which its digest tells (<see cref="BlobIngest"/>).
/// </summary>
internal sealed class BlobDownload(
    RegistryClient host, Descriptor blob, RetryPolicy retry, ImageOptions options, TimeProvider time, CancellationToken cancellation)
    : ReadOnlyStream
{
    /// <summary>A connection that brought so much was worth it: failures before it are forgotten.</summary>
    private const long GoodBytes = 1 << 20;

    private HttpResponseMessage? _response;
    private Stream? _body;
    private ProgressWatch? _watch;
    private bool _rangesWork = true;
    private long _position;
    private long _failedAt;
    private int _failures;

    private bool IsComplete => _position >= blob.Size;

    /// <summary>Asks for the blob; a failure to begin is the caller's to judge.</summary>
    /// <exception cref="RegistryException">The host does not give it.</exception>
    /// <exception cref="ContentException">It is of another size.</exception>
    public async Task OpenAsync()
    {
        var response = await GetAsync(0);
        if (response.Content.Headers.ContentLength is { } length && length != blob.Size)
        {
            response.Dispose();
            throw new ContentException($"content {blob.Digest} has {length} bytes, expected {blob.Size}");
        }

        await UseAsync(response);
    }

    /// <exception cref="RegistryException">The connection broke too often.</exception>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            try
            {
                if (_body is null)
                {
                    await ReconnectAsync();
                }

                var count = await ReceiveAsync(buffer);
                _position += count;
                return count;
            }
            catch (RegistryException e) when (e.IsTransient)
            {
                CloseBody();
                await WaitToResumeAsync(e);
            }
        }
    }

    public override int Read(Span<byte> buffer) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        CloseBody();
        base.Dispose(disposing);
    }

    private async Task WaitToResumeAsync(RegistryException failure)
    {
        if (_position - _failedAt >= GoodBytes)
        {
            _failures = 0;
        }

        if (!await retry.WaitAsync(failure, _failures, host.Endpoint.Origin, cancellation))
        {
            // No longer transient: who asked is not to begin from the start.
            throw new RegistryException(
                failure.Failure, $"download of {blob.Digest} broke {_failures + 1} times, at last after {_position} of {blob.Size} bytes: {failure.Message}", failure)
            {
                Status = HttpStatusCode.OK,
            };
        }

        _failures++;
        _failedAt = _position;
    }

    /// <summary>A host that gave some of the blob is asked again even if it cannot be reached at the moment.</summary>
    private async Task ReconnectAsync()
    {
        try
        {
            await ResumeAsync();
        }
        catch (RegistryException e) when (e is { Failure: RegistryFailure.Unavailable, IsTransient: false })
        {
            throw Broken(e.Message, e);
        }
    }

    private async Task ResumeAsync()
    {
        var response = await GetAsync(_rangesWork ? _position : 0);
        if (response.StatusCode == HttpStatusCode.PartialContent && !ContinuesHere(response))
        {
            response.Dispose();
            _rangesWork = false;
            response = await GetAsync(0);
        }

        var isWhole = response.StatusCode != HttpStatusCode.PartialContent;
        await UseAsync(response);
        if (isWhole)
        {
            await SkipAsync(_position);
        }
    }

    /// <summary>From byte <paramref name="from"/>, or from the first if the host does not take the range.</summary>
    private async Task<HttpResponseMessage> GetAsync(long from)
    {
        HttpResponseMessage response;
        try
        {
            response = await host.GetAsync(new RegistryRequest($"blobs/{blob.Digest}", From: from), cancellation);
        }
        catch (RegistryException e) when (from > 0 && e.Status == HttpStatusCode.RequestedRangeNotSatisfiable)
        {
            _rangesWork = false;
            response = await host.GetAsync(new RegistryRequest($"blobs/{blob.Digest}"), cancellation);
        }

        if (response.StatusCode != HttpStatusCode.OK && (from == 0 || response.StatusCode != HttpStatusCode.PartialContent))
        {
            response.Dispose();
            throw new RegistryException(RegistryFailure.Invalid, $"unexpected status {(int)response.StatusCode}");
        }

        return response;
    }

    private bool ContinuesHere(HttpResponseMessage response) =>
        response.Content.Headers.ContentRange is { } range && range.From == _position
            && (range.Length is null || range.Length == blob.Size);

    private async Task UseAsync(HttpResponseMessage response)
    {
        _response = response;
        _body = await response.Content.ReadAsStreamAsync(cancellation);
        _watch = new ProgressWatch(TimeSpan.FromSeconds(options.ProgressTimeoutSeconds), time, cancellation);
    }

    private async Task SkipAsync(long count)
    {
        var buffer = new byte[16 * 1024];
        while (count > 0)
        {
            count -= await ReceiveAsync(buffer.AsMemory(0, (int)Math.Min(count, buffer.Length)));
        }
    }

    /// <returns>0 only when the blob is at its end.</returns>
    private async ValueTask<int> ReceiveAsync(Memory<byte> buffer)
    {
        try
        {
            var count = await _watch!.ReadAsync(_body!, buffer);
            return count > 0 || IsComplete ? count : throw Broken("the answer ended too early", null);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return IsComplete ? 0 : throw Broken(_watch!.Describe(), null);
        }
        catch (Exception e) when (e is IOException or HttpRequestException)
        {
            return IsComplete ? 0 : throw Broken("the connection broke", e);
        }
    }

    private static RegistryException Broken(string how, Exception? cause) => new(RegistryFailure.Unavailable, how, cause) { IsTransient = true };

    private void CloseBody()
    {
        _body?.Dispose();
        _response?.Dispose();
        _watch?.Dispose();
        (_body, _response, _watch) = (null, null, null);
    }
}
