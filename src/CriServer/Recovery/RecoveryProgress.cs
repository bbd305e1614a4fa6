namespace CriShim.CriServer.Recovery;

/// <summary>How far recovery is, for those who must wait for a part of it.</summary>
internal sealed class RecoveryProgress
{
    private readonly TaskCompletionSource _records = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _network = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>All sandboxes and containers of the earlier server are shown, with their states.</summary>
    public Task RecordsRestored => _records.Task;

    /// <summary>The network knows its attachments again: before that none is made or removed.</summary>
    public Task NetworkRestored => _network.Task;

    public void SetRecordsRestored() => _records.TrySetResult();

    public void SetNetworkRestored() => _network.TrySetResult();
}
