using CriShim.CriServer.State;

namespace CriShim.CriServer.Sandboxes;

/// <summary>The sandboxes that clients can see.</summary>
internal sealed class SandboxStore(Action<Sandbox> record) : ObjectStore<Sandbox>("sandbox", s => s.Id, record);
