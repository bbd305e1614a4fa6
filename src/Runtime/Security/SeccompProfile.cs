using CriShim.Oci.RuntimeSpec;
using CriShim.Runtime.Contract;

namespace CriShim.Runtime.Security;

/// <summary>Compiles a seccomp profile. The result is the filter flags (8 bytes) and BPF instructions (8 bytes each); empty without a profile.</summary>
internal static class SeccompProfile
{
    public static byte[] Compile(SeccompSpec? profile) => profile is null
        ? []
        : throw new RuntimeException(RuntimeErrorKind.Unimplemented, "failed to compile seccomp profile: not supported");
}
