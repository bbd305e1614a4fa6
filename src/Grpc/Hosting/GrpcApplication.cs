using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Abstractions;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace CriShim.GrpcServer.Hosting;

/// <summary>What Kestrel runs for each HTTP/2 stream.</summary>
internal sealed class GrpcApplication(CallTable calls) : IHttpApplication<DefaultHttpContext>
{
    /// <summary>Kestrel reuses its streams, and what we hang on a stream is reused with it.</summary>
    public DefaultHttpContext CreateContext(IFeatureCollection contextFeatures)
    {
        var container = contextFeatures as IHostContextContainer<DefaultHttpContext>;
        if (container?.HostContext is { } reused)
        {
            reused.Initialize(contextFeatures);
            return reused;
        }

        var context = new DefaultHttpContext(contextFeatures);
        if (container is not null)
        {
            container.HostContext = context;
        }

        return context;
    }

    public Task ProcessRequestAsync(DefaultHttpContext context) => calls.HandleAsync(context);

    public void DisposeContext(DefaultHttpContext context, Exception? exception) => context.Uninitialize();
}
