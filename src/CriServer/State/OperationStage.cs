namespace CriShim.CriServer.State;

/// <summary>Where a long operation is, for those who wait for it.</summary>
public sealed class OperationStage
{
    private volatile string _name = "waiting to begin";

    /// <summary>"creating network", "waiting for the supervisor": fits after "while".</summary>
    public string Name
    {
        get => _name;
        set => _name = value;
    }
}
