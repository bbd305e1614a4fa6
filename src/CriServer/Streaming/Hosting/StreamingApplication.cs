using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace CriShim.CriServer.Streaming.Hosting;

/// <summary>What Kestrel runs for each request: there is no routing and no middleware, only sessions.</summary>
internal sealed class StreamingApplication(SessionEndpoint endpoint) : IHttpApplication<DefaultHttpContext>
{
    public DefaultHttpContext CreateContext(IFeatureCollection contextFeatures) => new(contextFeatures);

    public Task ProcessRequestAsync(DefaultHttpContext context) => endpoint.HandleAsync(context);

    public void DisposeContext(DefaultHttpContext context, Exception? exception) => context.Uninitialize();
}
