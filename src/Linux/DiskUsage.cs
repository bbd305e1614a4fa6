namespace CriShim.Linux;

/// <summary>What files take of a file system.</summary>
/// <param name="Bytes">Of the blocks allotted.</param>
public readonly record struct DiskUsage(long Bytes, long Inodes)
{
    public static DiskUsage operator +(DiskUsage left, DiskUsage right) => new(left.Bytes + right.Bytes, left.Inodes + right.Inodes);

    public static DiskUsage Sum(IEnumerable<DiskUsage> parts) => parts.Aggregate(default(DiskUsage), (sum, part) => sum + part);
}
