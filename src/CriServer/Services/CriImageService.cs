using CriShim.Cri.V1;
using CriShim.CriServer.Images;
using Grpc.Core;

namespace CriShim.CriServer.Services;

/// <summary>The CRI's ImageService: each call is one line to one operation.</summary>
internal sealed class CriImageService(ImageServices images) : ImageService.ImageServiceBase
{
    public override Task<ListImagesResponse> ListImages(ListImagesRequest request, ServerCallContext context) =>
        Task.FromResult(new ListImagesResponse { Images = { images.List.Execute(request.Filter) } });

    public override Task StreamImages(
        StreamImagesRequest request, IServerStreamWriter<StreamImagesResponse> responseStream, ServerCallContext context) =>
        StreamedList.WriteAsync(images.List.Execute(request.Filter), items => new StreamImagesResponse { Images = { items } }, responseStream);

    public override Task<ImageStatusResponse> ImageStatus(ImageStatusRequest request, ServerCallContext context) =>
        Task.FromResult(images.Status.Execute(request));

    public override Task<PullImageResponse> PullImage(PullImageRequest request, ServerCallContext context) =>
        images.Pull.ExecuteAsync(request, context.CancellationToken);

    public override Task<RemoveImageResponse> RemoveImage(RemoveImageRequest request, ServerCallContext context) =>
        Task.FromResult(images.Remove.Execute(request));

    public override Task<ImageFsInfoResponse> ImageFsInfo(ImageFsInfoRequest request, ServerCallContext context) =>
        Task.FromResult(images.FsInfo.Execute());
}
