using CriShim.Linux;

namespace CriShim.Cgroups.Systemd;

/// <summary>
/// What is asked of systemd (org.freedesktop.systemd1(5)), over one connection for the whole process: opened by the first call, opened anew
/// when it broke, closed by <see cref="Disconnect"/>. Thread-safe; one call at a time. Throws <see cref="CgroupException"/>.
/// </summary>
internal sealed class SystemdUnits(string busSocket, TimeSpan timeout) : IDisposable
{
    public const string DefaultBusSocket = "/run/dbus/system_bus_socket";

    private const string Service = "org.freedesktop.systemd1";
    private const string ManagerPath = "/org/freedesktop/systemd1";
    private const string ManagerInterface = Service + ".Manager";
    private const string JobSignals = "type='signal',sender='" + Service + "',interface='" + ManagerInterface + "',member='JobRemoved'";
    private const string UnitExists = Service + ".UnitExists";
    private const string UnknownProperty = "org.freedesktop.DBus.Error.PropertyReadOnly";
    private const string NoSuchUnit = Service + ".NoSuchUnit";

    /// <summary>Stops what is in the way, instead of waiting behind it.</summary>
    private const string Replace = "replace";

    private static readonly TimeSpan s_usualTimeout = TimeSpan.FromSeconds(30);

    private readonly Lock _lock = new();
    private DBusConnection? _connection;
    private bool _hearsJobs;

    public SystemdUnits()
        : this(DefaultBusSocket, s_usualTimeout)
    {
    }

    /// <summary>
    /// Starts a scope and waits until it is there. One of the same name that an earlier life left behind, failed or without processes, is
    /// stopped and forgotten first.
    /// </summary>
    public void StartScope(string unit, IReadOnlyList<SystemdProperty> properties) => Do($"start unit \"{unit}\"", connection =>
    {
        try
        {
            StartKnown(connection, unit, properties);
        }
        catch (DBusException e) when (e.Name == UnitExists)
        {
            StopJob(connection, unit);
            Forget(connection, unit);
            StartKnown(connection, unit, properties);
        }
    });

    /// <summary>Changes properties of a unit that runs, until it ends or the machine does.</summary>
    public void SetProperties(string unit, IReadOnlyList<SystemdProperty> properties) => Do($"set properties of unit \"{unit}\"", connection =>
    {
        const bool UntilReboot = true;
        var body = new DBusWriter().String(unit).Boolean(UntilReboot).Structs(properties, (writer, property) => property.Write(writer));
        Call(connection, "SetUnitProperties", "sba(sv)", body);
    });

    /// <summary>Stops a unit, waits until it is, and has systemd forget it. Succeeds when there is none.</summary>
    public void Stop(string unit) => Do($"stop unit \"{unit}\"", connection =>
    {
        StopJob(connection, unit);
        Forget(connection, unit);
    });

    /// <summary>Closes the connection; the next call opens another.</summary>
    public void Disconnect()
    {
        lock (_lock)
        {
            _connection?.Dispose();
            _connection = null;
            _hearsJobs = false;
        }
    }

    public void Dispose() => Disconnect();

    private static DBusMessage Call(DBusConnection connection, string method, string signature, DBusWriter body) =>
        connection.Call(new DBusCall(Service, ManagerPath, ManagerInterface, method) { Signature = signature, Body = body });

    private void StartKnown(DBusConnection connection, string unit, IReadOnlyList<SystemdProperty> properties)
    {
        try
        {
            Start(connection, unit, properties);
        }
        catch (DBusException e) when (e.Name == UnknownProperty && properties.Any(property => property.IsOptional))
        {
            Start(connection, unit, [.. properties.Where(property => !property.IsOptional)]);
        }
    }

    // The empty array: no other units with it.
    private void Start(DBusConnection connection, string unit, IReadOnlyList<SystemdProperty> properties)
    {
        var body = new DBusWriter().String(unit).String(Replace).Structs(properties, (writer, property) => property.Write(writer))
            .Structs<SystemdProperty>([], (_, _) => { });
        HearJobs(connection);
        AwaitJob(connection, Call(connection, "StartTransientUnit", "ssa(sv)a(sa(sv))", body).ReadString(), unit);
    }

    private void StopJob(DBusConnection connection, string unit)
    {
        HearJobs(connection);
        try
        {
            var job = Call(connection, "StopUnit", "ss", new DBusWriter().String(unit).String(Replace)).ReadString();
            AwaitJob(connection, job, unit);
        }
        catch (DBusException e) when (e.Name == NoSuchUnit)
        {
        }
    }

    private static void Forget(DBusConnection connection, string unit)
    {
        try
        {
            Call(connection, "ResetFailedUnit", "s", new DBusWriter().String(unit));
        }
        catch (DBusException e) when (e.Name == NoSuchUnit)
        {
        }
    }

    private void HearJobs(DBusConnection connection)
    {
        if (!_hearsJobs)
        {
            connection.Match(JobSignals);
            Call(connection, "Subscribe", "", new DBusWriter());
            _hearsJobs = true;
        }
    }

    // JobRemoved(u id, o job, s unit, s result), also for the jobs of everybody else.
    private void AwaitJob(DBusConnection connection, string job, string unit)
    {
        var deadline = Environment.TickCount64 + (long)timeout.TotalMilliseconds;
        while (true)
        {
            var signal = connection.NextSignal(deadline);
            if (signal.Member != "JobRemoved")
            {
                continue;
            }

            signal.ReadUInt32();
            if (signal.ReadString() != job)
            {
                continue;
            }

            signal.ReadString();
            var result = signal.ReadString();
            if (result != "done")
            {
                throw new CgroupException($"failed to run the job of unit \"{unit}\": systemd says \"{result}\"");
            }

            return;
        }
    }

    private void Do(string what, Action<DBusConnection> action)
    {
        lock (_lock)
        {
            try
            {
                try
                {
                    action(Connected());
                }
                catch (LinuxException e) when (e.Errno is Errno.EPIPE or Errno.ECONNRESET)
                {
                    // The bus was restarted since the last call.
                    Disconnect();
                    action(Connected());
                }
            }
            catch (DBusException e)
            {
                throw new CgroupException($"failed to {what}: systemd: {e.Message}", Errno.None, e);
            }
            catch (LinuxException e)
            {
                // What is on its way now would be taken for the next call's answer.
                Disconnect();
                throw new CgroupException($"failed to {what}: the message bus: {e.Message}", e.Errno, e);
            }
        }
    }

    private DBusConnection Connected() => _connection ??= DBusConnection.Open(busSocket, timeout);
}
