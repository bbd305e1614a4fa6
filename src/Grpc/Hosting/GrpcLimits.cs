using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace CriShim.GrpcServer.Hosting;

/// <summary>Kestrel's limits as a gRPC server needs them.</summary>
public static class GrpcLimits
{
    /// <summary>
    /// One client (kubelet) puts all its calls on one connection, probes of every pod and long pulls among them: Kestrel's 100
    /// would make them wait for each other. grpc-go has no limit.
    /// </summary>
    public const int StreamsPerConnection = 10_000;

    /// <summary>For ever, but finite: Kestrel adds it to the present, and a sum that overflows ends every idle connection within a second.</summary>
    private static readonly TimeSpan s_idle = TimeSpan.FromDays(3650);

    public static void Apply(KestrelServerOptions kestrel)
    {
        kestrel.AddServerHeader = false;
        var limits = kestrel.Limits;

        // Messages have their own limit; streams may be silent for hours, and connections too.
        limits.MaxRequestBodySize = null;
        limits.MinRequestBodyDataRate = null;
        limits.MinResponseDataRate = null;
        limits.KeepAliveTimeout = s_idle;
        limits.Http2.MaxStreamsPerConnection = StreamsPerConnection;
    }
}
