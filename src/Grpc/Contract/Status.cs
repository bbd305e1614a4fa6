namespace Grpc.Core;

/// <summary>How a call ended: a code and a text for people.</summary>
public readonly struct Status : IEquatable<Status>
{
    public static readonly Status DefaultSuccess = new(StatusCode.OK, "");
    public static readonly Status DefaultCancelled = new(StatusCode.Cancelled, "");

    private readonly string? _detail;

    public Status(StatusCode statusCode, string detail)
    {
        StatusCode = statusCode;
        _detail = detail;
    }

    public StatusCode StatusCode { get; }

    /// <summary>Sent as grpc-message; never null.</summary>
    public string Detail => _detail ?? "";

    public bool Equals(Status other) => StatusCode == other.StatusCode && Detail == other.Detail;

    public override bool Equals(object? obj) => obj is Status other && Equals(other);

    public override int GetHashCode() => HashCode.Combine(StatusCode, Detail);

    public static bool operator ==(Status left, Status right) => left.Equals(right);

    public static bool operator !=(Status left, Status right) => !left.Equals(right);

    public override string ToString() => $"{StatusCode}: {Detail}";
}
