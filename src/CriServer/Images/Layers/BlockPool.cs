namespace CriShim.CriServer.Images.Layers;

/// <summary>
/// Blocks that go round between the stages of all layers being unpacked, and are let go when the last one is done. The shared array pool
/// drops what one thread rents and another returns, and large arrays are collected late.
/// </summary>
internal static class BlockPool
{
    public const int BlockBytes = 256 * 1024;

    private static readonly Lock s_gate = new();
    private static readonly Stack<byte[]> s_free = new();
    private static int s_users;

    /// <summary>Keeps blocks until <see cref="Leave"/>.</summary>
    public static void Enter() => Interlocked.Increment(ref s_users);

    public static void Leave()
    {
        lock (s_gate)
        {
            if (Interlocked.Decrement(ref s_users) > 0)
            {
                return;
            }

            s_free.Clear();
        }

        // Between pulls the server is to be small again; left to itself the collector would keep what a pull needed for hours.
        _ = Task.Run(() => GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true));
    }

    public static byte[] Rent()
    {
        lock (s_gate)
        {
            return s_free.TryPop(out var block) ? block : GC.AllocateUninitializedArray<byte>(BlockBytes);
        }
    }

    public static void Return(byte[] block)
    {
        lock (s_gate)
        {
            s_free.Push(block);
        }
    }
}
