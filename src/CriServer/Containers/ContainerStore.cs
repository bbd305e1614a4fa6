using CriShim.CriServer.State;

namespace CriShim.CriServer.Containers;

/// <summary>The containers that clients can see.</summary>
internal sealed class ContainerStore(Action<Container> record) : ObjectStore<Container>("container", c => c.Id, record)
{
    public IEnumerable<Container> OfSandbox(string sandboxId) => All().Where(c => c.SandboxId == sandboxId);
}
