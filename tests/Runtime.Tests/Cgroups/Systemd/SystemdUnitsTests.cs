using CriShim.Cgroups;
using CriShim.Cgroups.Systemd;
using CriShim.Runtime.Tests.Fakes;

namespace CriShim.Runtime.Tests.Cgroups.Systemd;

public sealed class SystemdUnitsTests : IDisposable
{
    private static readonly TimeSpan s_timeout = TimeSpan.FromSeconds(10);
    private readonly FakeBus _bus = new();
    private readonly SystemdUnits _units;

    public SystemdUnitsTests() => _units = new SystemdUnits(_bus.SocketPath, s_timeout);

    public void Dispose()
    {
        _units.Disconnect();
        _bus.Dispose();
    }

    [Fact]
    public void StartScope_OfANewName_WaitsForItsJob()
    {
        _units.StartScope("a.scope", [SystemdProperty.Text("Description", "x"), SystemdProperty.Flag("Delegate", true)]);
        Assert.Equal(["Hello", "AddMatch", "Subscribe", "StartTransientUnit"], _bus.Calls);
    }

    [Fact]
    public void StartScope_LeftoverOfThatName_IsStoppedAndForgottenFirst()
    {
        _bus.Errors["StartTransientUnit"] = "org.freedesktop.systemd1.UnitExists";
        _units.StartScope("a.scope", []);
        Assert.Equal(["StartTransientUnit", "StopUnit", "ResetFailedUnit", "StartTransientUnit"], _bus.Calls[3..]);
    }

    [Fact]
    public void StartScope_OldSystemd_DoesWithoutWhatItDoesNotKnow()
    {
        _bus.Errors["StartTransientUnit"] = "org.freedesktop.DBus.Error.PropertyReadOnly";
        _units.StartScope("a.scope", [SystemdProperty.Text("OOMPolicy", "kill") with { IsOptional = true }]);
        Assert.Equal(["StartTransientUnit", "StartTransientUnit"], _bus.Calls[3..]);
    }

    [Fact]
    public void StartScope_JobFails_NamesUnitAndResult()
    {
        _bus.JobResult = "timeout";
        var error = Assert.Throws<CgroupException>(() => _units.StartScope("a.scope", []));
        Assert.Equal("failed to run the job of unit \"a.scope\": systemd says \"timeout\"", error.Message);
    }

    [Fact]
    public void StartScope_JobNeverEnds_TimesOut()
    {
        _bus.JobResult = null;
        using var units = new SystemdUnits(_bus.SocketPath, TimeSpan.FromMilliseconds(200));
        var error = Assert.Throws<CgroupException>(() => units.StartScope("a.scope", []));
        Assert.Equal(CriShim.Linux.Errno.ETIMEDOUT, error.Errno);
    }

    [Fact]
    public void SetProperties_Refused_ErrorSaysWhat()
    {
        _bus.Errors["SetUnitProperties"] = "org.freedesktop.DBus.Error.InvalidArgs";
        var error = Assert.Throws<CgroupException>(() => _units.SetProperties("a.scope", [SystemdProperty.Number("CPUWeight", 0)]));
        Assert.Equal("failed to set properties of unit \"a.scope\": systemd: SetUnitProperties: no", error.Message);
    }

    [Fact]
    public void Stop_NoSuchUnit_Succeeds()
    {
        _bus.Errors["StopUnit"] = "org.freedesktop.systemd1.NoSuchUnit";
        _bus.Errors["ResetFailedUnit"] = "org.freedesktop.systemd1.NoSuchUnit";
        _units.Stop("a.scope");
    }

    [Fact]
    public void Calls_OfManyThreads_ShareOneConnection()
    {
        Parallel.For(0, 20, i => _units.SetProperties($"{i}.scope", []));
        Assert.Equal(1, _bus.Calls.Count(call => call == "Hello"));
        Assert.Equal(20, _bus.Calls.Count(call => call == "SetUnitProperties"));
    }

    [Fact]
    public void Calls_BusWasRestarted_ConnectAnew()
    {
        _units.Stop("a.scope");
        _bus.Break();
        _units.Stop("a.scope");
        Assert.Equal(2, _bus.Calls.Count(call => call == "Hello"));
    }

    [Fact]
    public void Calls_NoBus_NamesTheSocket()
    {
        using var units = new SystemdUnits("/nonexistent/bus", s_timeout);
        var error = Assert.Throws<CgroupException>(() => units.Stop("a.scope"));
        Assert.Contains("/nonexistent/bus", error.Message, StringComparison.Ordinal);
    }
}
