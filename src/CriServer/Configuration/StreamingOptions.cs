namespace CriShim.CriServer.Configuration;

/// <summary>The server that exec, attach and port forward lead to. Who knows a one-time token may use it: it is meant for this machine.</summary>
public sealed record StreamingOptions
{
    /// <summary>IP address to listen on. It is part of the answers' URLs; 0.0.0.0 and :: are named there by their loopback address.</summary>
    public string Address { get; init; } = "127.0.0.1";

    /// <summary>TCP port; 0: any free one.</summary>
    public int Port { get; init; }

    public StreamingTlsOptions Tls { get; init; } = new();

    /// <summary>Until a client must have used its URL's connection to open all its streams.</summary>
    public int CreationTimeoutSeconds { get; init; } = 30;

    /// <summary>Without a byte in either direction for so long, a connection ends.</summary>
    public int IdleTimeoutSeconds { get; init; } = 4 * 3600;

    /// <summary>URLs given out and not yet used; more are refused. Each is good for one minute.</summary>
    public int MaxTokens { get; init; } = 1000;
}

/// <summary>HTTPS on the streaming server.</summary>
public sealed record StreamingTlsOptions
{
    public bool Enabled { get; init; }

    /// <summary>PEM file of the certificate and its chain, read again when it changes; empty: a self-signed one is made at start.</summary>
    public string CertificateFile { get; init; } = "";

    /// <summary>PEM file of its private key.</summary>
    public string KeyFile { get; init; } = "";
}
