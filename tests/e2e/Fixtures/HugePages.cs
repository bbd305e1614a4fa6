namespace CriShim.E2e.Fixtures;

/// <summary>Pages of 2 MiB more than the machine has reserved, for one test (proc_sys_vm(5), nr_hugepages).</summary>
internal sealed class HugePages : IDisposable
{
    private const string File = "/proc/sys/vm/nr_hugepages";
    private readonly int _before = int.Parse(System.IO.File.ReadAllText(File), null);

    public HugePages(int count) => Set(_before + count);

    public void Dispose() => Set(_before);

    private static void Set(int count) => System.IO.File.WriteAllText(File, $"{count}");
}
