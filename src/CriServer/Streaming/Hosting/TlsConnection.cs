using System.IO.Pipelines;
using System.Net.Security;
using System.Security.Authentication;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;

namespace CriShim.CriServer.Streaming.Hosting;

/// <summary>TLS around a connection. Kestrel's own needs the web host's services.</summary>
internal sealed class TlsConnection(ServerCertificate certificate, ILogger log)
{
    private static readonly TimeSpan s_handshakeLimit = TimeSpan.FromSeconds(10);

    /// <param name="next">Speaks HTTP on what is decrypted.</param>
    public async Task RunAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        var encrypted = connection.Transport;
        await using var tls = new SslStream(new DuplexPipeStream(encrypted));
        try
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(connection.ConnectionClosed);
            limit.CancelAfter(s_handshakeLimit);
            await tls.AuthenticateAsServerAsync(
                new SslServerAuthenticationOptions
                {
                    ServerCertificate = certificate.Current(),
                    EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
                    ApplicationProtocols = [SslApplicationProtocol.Http11],
                },
                limit.Token);
        }
        catch (Exception e) when (e is AuthenticationException or IOException or OperationCanceledException)
        {
            StreamingLog.HandshakeFailed(log, e.Message);
            return;
        }

        var decrypted = new DuplexPipe(
            PipeReader.Create(tls, new StreamPipeReaderOptions(leaveOpen: true)),
            PipeWriter.Create(tls, new StreamPipeWriterOptions(leaveOpen: true)));
        try
        {
            connection.Transport = decrypted;
            await next(connection);
        }
        finally
        {
            connection.Transport = encrypted;
            await decrypted.Input.CompleteAsync();
            await decrypted.Output.CompleteAsync();
        }
    }

    private sealed class DuplexPipe(PipeReader input, PipeWriter output) : IDuplexPipe
    {
        public PipeReader Input => input;

        public PipeWriter Output => output;
    }
}
