using CriShim.Api.V1;
using CriShim.CriServer.Images;
using Grpc.Core;

namespace CriShim.CriServer.Services;

/// <summary>What <c>crishim image</c> asks beyond the CRI: each call is one line to one operation.</summary>
internal sealed class ImageToolsService(ImageServices images) : ImageTools.ImageToolsBase
{
    public override Task Pull(PullRequest request, IServerStreamWriter<PullEvent> responseStream, ServerCallContext context) =>
        images.Watch.ExecuteAsync(request, responseStream.WriteAsync, context.CancellationToken);

    public override Task Import(ImportRequest request, IServerStreamWriter<ImportEvent> responseStream, ServerCallContext context) =>
        images.Import.ExecuteAsync(request, responseStream.WriteAsync, context.CancellationToken);

    public override Task Export(ExportRequest request, IServerStreamWriter<ExportEvent> responseStream, ServerCallContext context) =>
        images.Export.ExecuteAsync(request, responseStream.WriteAsync, context.CancellationToken);

    public override Task<ExplainResponse> Explain(ExplainRequest request, ServerCallContext context) =>
        Task.FromResult(images.Explain.Execute(request));
}
