using System.Buffers.Binary;
using System.Net;
using CriShim.CriServer.Errors;

namespace CriShim.CriServer.Networking.Bridge;

/// <summary>
/// Addresses of one subnet. The first is the gateway's; pods get the next free one after the last given, so that an address rests before
/// it is used again. What is taken follows from the attachment records: nothing is stored here. Not thread-safe.
/// </summary>
internal sealed class AddressPool
{
    /// <summary>More pods than this no bridge carries (and an IPv6 subnet has more addresses than can be counted).</summary>
    private const int MaxAddresses = 1 << 20;

    private readonly UInt128 _first;
    private readonly int _size;
    private readonly HashSet<int> _taken = [];
    private int _last;

    public AddressPool(IPNetwork subnet)
    {
        Subnet = subnet;
        var isIpv4 = subnet.BaseAddress.GetAddressBytes().Length == 4;
        var hostBits = (isIpv4 ? 32 : 128) - subnet.PrefixLength;
        _first = ToNumber(subnet.BaseAddress);
        // Without the subnet's own address, the gateway's and IPv4's broadcast
        _size = hostBits >= 20 ? MaxAddresses : (1 << hostBits) - (isIpv4 ? 1 : 0);
        if (_size < 3)
        {
            throw new ArgumentException($"subnet {subnet} has no room for pods", nameof(subnet));
        }

        Gateway = At(1);
        _last = 1;
    }

    public IPNetwork Subnet { get; }

    public IPAddress Gateway { get; }

    /// <summary>The next free address. Throws ResourceExhausted.</summary>
    public IPAddress Take()
    {
        for (var step = 0; step < _size - 2; step++)
        {
            _last = _last + 1 < _size ? _last + 1 : 2;
            if (_taken.Add(_last))
            {
                return At(_last);
            }
        }

        throw new CriException(CriErrorKind.ResourceExhausted, $"no free address in subnet {Subnet}");
    }

    /// <summary>Marks a recorded address as taken; the next one given lies behind it.</summary>
    public void Restore(IPAddress address)
    {
        if (Subnet.Contains(address))
        {
            var offset = (int)(ToNumber(address) - _first);
            _taken.Add(offset);
            _last = Math.Max(_last, offset);
        }
    }

    public void Release(IPAddress address)
    {
        if (Subnet.Contains(address))
        {
            _taken.Remove((int)(ToNumber(address) - _first));
        }
    }

    private IPAddress At(int offset)
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, _first + (UInt128)offset);
        return new IPAddress(Subnet.BaseAddress.GetAddressBytes().Length == 4 ? bytes[12..] : bytes);
    }

    private static UInt128 ToNumber(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        bytes.Clear();
        var raw = address.GetAddressBytes();
        raw.CopyTo(bytes[(16 - raw.Length)..]);
        return BinaryPrimitives.ReadUInt128BigEndian(bytes);
    }
}
