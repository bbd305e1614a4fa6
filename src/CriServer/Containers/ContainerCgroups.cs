namespace CriShim.CriServer.Containers;
internal sealed class ContainerCgroups { public void Remove(string? path) => _ = path + GetHashCode(); }
