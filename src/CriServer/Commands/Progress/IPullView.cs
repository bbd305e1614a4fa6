using CriShim.Api.V1;

namespace CriShim.CriServer.Commands.Progress;

/// <summary>Shows how a pull goes on. Disposed when it has ended, well or not.</summary>
internal interface IPullView : IDisposable
{
    void Show(PullEvent progress);
}

/// <summary>Shows nothing.</summary>
internal sealed class SilentView : IPullView
{
    public void Show(PullEvent progress)
    {
    }

    public void Dispose()
    {
    }
}
