using CriShim.Api.V1;
using CriShim.Cri.V1;
using Google.Protobuf;
using Grpc.Core;

namespace CriShim.CriServer.Commands.Images;

/// <summary>The server's methods that the image commands call.</summary>
internal static class ImageCalls
{
    private const string Cri = "runtime.v1.ImageService";
    private const string Own = "crishim.v1.ImageTools";

    public static readonly Method<ListImagesRequest, ListImagesResponse> List = Define<ListImagesRequest, ListImagesResponse>(Cri, "ListImages");
    public static readonly Method<ImageStatusRequest, ImageStatusResponse> Status = Define<ImageStatusRequest, ImageStatusResponse>(Cri, "ImageStatus");
    public static readonly Method<RemoveImageRequest, RemoveImageResponse> Remove = Define<RemoveImageRequest, RemoveImageResponse>(Cri, "RemoveImage");
    public static readonly Method<PullRequest, PullEvent> Pull = Define<PullRequest, PullEvent>(Own, "Pull");
    public static readonly Method<ImportRequest, ImportEvent> Import = Define<ImportRequest, ImportEvent>(Own, "Import");
    public static readonly Method<ExportRequest, ExportEvent> Export = Define<ExportRequest, ExportEvent>(Own, "Export");
    public static readonly Method<ExplainRequest, ExplainResponse> Explain = Define<ExplainRequest, ExplainResponse>(Own, "Explain");

    private static Method<TRequest, TResponse> Define<TRequest, TResponse>(string service, string name)
        where TRequest : IMessage<TRequest>, new()
        where TResponse : IMessage<TResponse>, new() =>
        new(MethodType.ServerStreaming, service, name, Marshaller<TRequest>(), Marshaller<TResponse>());

    private static Marshaller<T> Marshaller<T>()
        where T : IMessage<T>, new()
    {
        var parser = new MessageParser<T>(() => new T());
        return Marshallers.Create(message => message.ToByteArray(), parser.ParseFrom);
    }
}
