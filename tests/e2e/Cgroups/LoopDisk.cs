using CriShim.Oci.RuntimeSpec;
using CriShim.TestKit;

namespace CriShim.E2e.Cgroups;

/// <summary>A disk of a test's own: a loop device on a file, with the I/O scheduler that is wanted.</summary>
internal sealed class LoopDisk : IDisposable
{
    private const int Size = 64 << 20;
    private readonly TempFolder _folder = new("crishim-disk-");
    private readonly string _device;
    private readonly string _queue;
    private readonly string _schedulerBefore;

    public LoopDisk(string scheduler = "none")
    {
        using (var file = File.Create(_folder.Combine("image")))
        {
            file.SetLength(Size);
        }

        _device = Command.Output("losetup", "--find", "--show", _folder.Combine("image")).Trim();
        _queue = $"/sys/block/{Path.GetFileName(_device)}/queue";
        var numbers = File.ReadAllText($"/sys/block/{Path.GetFileName(_device)}/dev").Trim().Split(':');
        (Major, Minor) = (long.Parse(numbers[0], null), long.Parse(numbers[1], null));

        // "none [bfq]": the one in brackets is the one in use.
        _schedulerBefore = File.ReadAllText(_queue + "/scheduler").Split('[', ']')[1];
        File.WriteAllText(_queue + "/scheduler", scheduler);
        if (scheduler == "bfq")
        {
            // Else it favours whoever has just begun, for seconds.
            File.WriteAllText(_queue + "/iosched/low_latency", "0");
            File.WriteAllText(_queue + "/iosched/strict_guarantees", "1");

            // How long it waits for the reader's next block (8 ms) before it serves another: weights count for no reader that is slower.
            File.WriteAllText(_queue + "/iosched/slice_idle", $"{(int)Patience.Seconds(0.008).TotalMilliseconds}");
        }
    }

    public long Major { get; }

    public long Minor { get; }

    /// <summary>As control files name it.</summary>
    public string Number => $"{Major}:{Minor}";

    /// <summary>A container that has it as /dev/disk.</summary>
    public ControlledBundle Bundle(ResourcesSpec resources)
    {
        var bundle = new ControlledBundle(resources);
        bundle.Bundle.Spec = bundle.Bundle.Spec with
        {
            Linux = bundle.Bundle.Spec.Linux! with { Devices = [new() { Path = "/dev/disk", Type = "b", Major = Major, Minor = Minor }] },
        };
        return bundle;
    }

    public void Dispose()
    {
        File.WriteAllText(_queue + "/scheduler", _schedulerBefore);
        Command.Output("losetup", "--detach", _device);
        _folder.Dispose();
    }
}
