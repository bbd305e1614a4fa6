namespace CriShim.CriServer.Services;

/// <summary>The CRI's RuntimeService: each call is one line to one operation; <see cref="CriInterceptor"/> is around all of them. What is not overridden is Unimplemented.</summary>
internal sealed partial class CriRuntimeService(RuntimeOperations operations) : Cri.V1.RuntimeService.RuntimeServiceBase
{
    private static async Task<TResponse> ReplyAsync<TResponse>(Task operation)
        where TResponse : new()
    {
        await operation;
        return new TResponse();
    }

    private static Task<TResponse> ReplyAsync<TResponse>(Action operation)
        where TResponse : new()
    {
        operation();
        return Task.FromResult(new TResponse());
    }
}
