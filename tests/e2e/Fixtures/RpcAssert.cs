using CriShim.TestKit;

namespace CriShim.E2e.Fixtures;

/// <summary>gRPC codes by number, as clients see them.</summary>
public static class RpcAssert
{
    public const int InvalidArgument = 3;
    public const int DeadlineExceeded = 4;
    public const int NotFound = 5;
    public const int FailedPrecondition = 9;
    public const int Unimplemented = 12;

    /// <summary>The call fails with <paramref name="code"/> and a message that contains <paramref name="text"/>.</summary>
    public static async Task FailsAsync(int code, string text, Func<Task> call)
    {
        var failure = await Assert.ThrowsAsync<CriCallException>(call);
        Assert.True(failure.Detail.Contains(text, StringComparison.Ordinal), failure.Detail);
        Assert.Equal(code, failure.Code);
    }
}
