namespace CriShim.CriServer.Streaming.Sessions;

/// <summary>How long a session waits for what.</summary>
/// <param name="Creation">For a client's streams.</param>
/// <param name="Idle">Without a byte in either direction.</param>
/// <param name="Drain">For an ended command's output that pauses.</param>
internal sealed record SessionLimits(TimeSpan Creation, TimeSpan Idle, TimeSpan Drain)
{
    /// <summary>For a client to take what has been sent, and close.</summary>
    private static readonly TimeSpan s_linger = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Waits for the client to close the connection: if we did, with something of the client's unread, the kernel would reset it and what
    /// is under way to the client would be lost.
    /// </summary>
    public static async Task LingerAsync(Task reading, TimeProvider time)
    {
        try
        {
            await reading.WaitAsync(s_linger, time);
        }
        catch (TimeoutException)
        {
            // It has had its time.
        }
    }
}
