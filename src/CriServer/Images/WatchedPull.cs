using CriShim.Api.V1;
using CriShim.Cri.V1;

namespace CriShim.CriServer.Images;

/// <summary>A pull for people: the same as the CRI's, and what it is at, some times a second.</summary>
internal sealed class WatchedPull(ImagePuller puller, TimeProvider time)
{
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(100);

    /// <param name="send">Takes one event after the other.</param>
    public async Task ExecuteAsync(PullRequest request, Func<PullEvent, Task> send, CancellationToken cancellation)
    {
        var reference = ImageReference.Parse(request.Reference);
        var pull = puller.Join(reference, PullImage.CredentialsOf(ToAuth(request.Credentials), reference));
        var work = pull.WaitAsync(cancellation);
        var sent = new PullEvent();
        while (!work.IsCompleted)
        {
            await Task.WhenAny(work, Task.Delay(s_pause, time, cancellation));
            var state = ToEvent(pull.Progress);
            if (!state.Equals(sent) && !work.IsFaulted)
            {
                await send(sent = state);
            }
        }

        var image = await work;
        var last = ToEvent(pull.Progress);
        last.ImageId = image.Id;
        await send(last);
    }

    private static AuthConfig? ToAuth(Credentials? credentials) => credentials is null ? null : new AuthConfig
    {
        Username = credentials.Username,
        Password = credentials.Password,
        IdentityToken = credentials.IdentityToken,
        RegistryToken = credentials.RegistryToken,
    };

    private static PullEvent ToEvent(PullProgress progress)
    {
        var message = new PullEvent { Stage = progress.Stage };
        message.Layers.AddRange(progress.Layers.Select(ToMessage));
        return message;
    }

    private static Api.V1.LayerProgress ToMessage(LayerProgress layer) => new()
    {
        Digest = layer.Digest.ToString(),
        DoneBytes = layer.ReceivedBytes,
        TotalBytes = layer.TotalBytes,
        State = layer.Stage switch
        {
            LayerStage.Downloading => LayerState.Downloading,
            LayerStage.Unpacking => LayerState.Unpacking,
            LayerStage.Done => LayerState.Done,
            LayerStage.Present => LayerState.Present,
            _ => LayerState.Waiting,
        },
    };
}
