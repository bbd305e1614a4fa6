using System.Diagnostics;
using CriShim.GrpcServer.Tests.Fixtures;
using Grpc.Core;

namespace CriShim.GrpcServer.Tests.Calls;

public class DeadlineTests
{
    private static readonly TimeSpan s_soon = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task Deadline_Passes_FiresTheTokenAndAnswersDeadlineExceeded()
    {
        await using var grpc = await GrpcFixture.StartAsync();
        var clock = Stopwatch.StartNew();
        var reply = await grpc.CallAsync("Wait", "", ("grpc-timeout", "100m"));
        Assert.Equal(StatusCode.DeadlineExceeded, reply.Status);
        Assert.InRange(clock.ElapsedMilliseconds, 90, 5000);
        await grpc.Methods.Cancelled.Task.WaitAsync(s_soon);
    }

    [Fact]
    public async Task Deadline_Zero_AnswersDeadlineExceededWithoutRunningTheHandler()
    {
        await using var grpc = await GrpcFixture.StartAsync();
        Assert.Equal(StatusCode.DeadlineExceeded, (await grpc.CallAsync("Wait", "", ("grpc-timeout", "0n"))).Status);
        Assert.False(grpc.Methods.Waiting.Task.IsCompleted);
    }

    [Fact]
    public async Task Deadline_WhileTheRequestIsIncomplete_AnswersDeadlineExceeded()
    {
        await using var grpc = await GrpcFixture.StartAsync();
        var never = new TaskCompletionSource();
        var half = new ChunkedContent([Frames.Message("half")[..7]], never.Task);
        using var response = await grpc.OpenAsync(GrpcFixture.Request("Echo", half, ("grpc-timeout", "50m")));
        Assert.Equal("4", Assert.Single(response.Headers.GetValues("grpc-status")));
        never.SetResult();
    }

    [Theory]
    [InlineData("99999999H")]
    [InlineData("1000H")]
    public async Task Deadline_VeryFar_IsNoObstacle(string timeout)
    {
        await using var grpc = await GrpcFixture.StartAsync();
        Assert.Equal("x", (await grpc.CallAsync("Echo", "x", ("grpc-timeout", timeout))).Message);
    }

    [Fact]
    public async Task Deadline_Malformed_AnswersInternal()
    {
        await using var grpc = await GrpcFixture.StartAsync();
        Assert.Equal(StatusCode.Internal, (await grpc.CallAsync("Echo", "x", ("grpc-timeout", "soon"))).Status);
    }

    [Fact]
    public async Task Client_ResetsTheCall_FiresTheToken()
    {
        await using var grpc = await GrpcFixture.StartAsync();
        using var stop = new CancellationTokenSource();
        var call = grpc.OpenAsync(GrpcFixture.Request("Wait", Frames.Message("")), stop.Token);
        await grpc.Methods.Waiting.Task.WaitAsync(s_soon);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        await grpc.Methods.Cancelled.Task.WaitAsync(s_soon);
        Assert.Equal("still here", (await grpc.CallAsync("Echo", "still here")).Message);
    }
}
