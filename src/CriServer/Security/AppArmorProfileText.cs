namespace CriShim.CriServer.Security;

/// <summary>
/// Our default AppArmor profile (apparmor.d(5)): everything an ordinary program does, and none of the ways from a container's root to the
/// host's kernel that file modes alone leave open. Deny rules win over allow rules, whatever the order.
/// </summary>
internal static class AppArmorProfileText
{
    public const string Name = "crishim-default";

    /// <param name="serverLabel">What the server itself is confined by: it must be able to end its containers.</param>
    public static string Build(string serverLabel)
    {
        var killer = serverLabel == "unconfined" ? "" : $"  signal (receive) peer=\"{serverLabel}\",\n";
        return $$"""
            profile {{Name}} flags=(attach_disconnected,mediate_deleted) {
              file,
              network,
              capability,
              unix,
              umount,

              # Processes of containers see each other; of the host they are only ended. Distributions name other OCI runtimes by profiles
              # that confine nothing, but are not "unconfined" to a rule.
              signal (receive) peer=unconfined,
              signal (receive) peer=runc,
              signal (receive) peer=crun,
            {{killer}}  signal (send, receive) peer={{Name}},
              ptrace (trace, read, tracedby, readby) peer={{Name}},

              # What is mounted is the runtime's decision, not the container's.
              deny mount,

              # The kernel's own files: settings that belong to no namespace, memory, triggers.
              deny /proc/* wkl,
              deny /proc/{kcore,kmem,mem,sysrq-trigger} rwkl,
              deny /proc/{acpi,asound,bus,driver,fs,irq,scsi,tty}/** wkl,
              deny /proc/sys/{abi,crypto,debug,dev,sunrpc,user,vm,xen}/** wkl,

              # Left open: fs/mqueue; kernel/msg*, kernel/sem*, kernel/shm*; net.
              deny /proc/sys/fs/{[^m],m[^q]}** wkl,
              deny /proc/sys/kernel/{[^ms],m[^s],ms[^g],s[^eh],se[^m],sh[^m]}** wkl,

              # Left open: /sys/fs/cgroup.
              deny /sys/{[^f],f[^s]}** wkl,
              deny /sys/fs/{[^c],c[^g]}** wkl,
              deny /sys/{firmware,kernel/security,devices/virtual/powercap}/** rwkl,
            }

            """;
    }
}
