using CriShim.Cri.V1;
using CriShim.CriServer.Cdi;
using CriShim.CriServer.Errors;
using CriShim.CriServer.Tests.Fakes;
using CriShim.CriServer.Tests.Specs;
using Microsoft.Extensions.Logging.Abstractions;

namespace CriShim.CriServer.Tests.Cdi;

/// <summary>What the specification's text asks of readers: SPEC.md of container-device-interface.</summary>
public sealed class CdiDevicesTests : IDisposable
{
    private readonly TestFolder _folder = new();
    private readonly CdiDevices _devices;

    public CdiDevicesTests() => _devices = new CdiDevices([_folder["low"], _folder["high"]], NullLogger<CdiDevices>.Instance);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void EditsFor_JsonAndYaml_AreTheSame()
    {
        _folder.Write("low/a.json", """
            {"cdiVersion": "0.8.0", "kind": "vendor.com/gpu", "containerEdits": {"env": ["ALL=1"]},
             "devices": [{"name": "0", "containerEdits": {"env": ["GPU=0"], "additionalGids": [44],
               "deviceNodes": [{"path": "/dev/gpu0", "hostPath": "/dev/null", "fileMode": 438, "permissions": "rw", "uid": 5}],
               "mounts": [{"hostPath": "/lib/x", "containerPath": "/x", "options": ["ro", "bind"]}],
               "hooks": [{"hookName": "createContainer", "path": "/hook", "args": ["hook", "a"], "timeout": 3}]}}]}
            """);
        _folder.Write("low/b.yaml", """
            cdiVersion: 0.8.0   # a comment
            kind: "vendor.com/nic"
            containerEdits:
              env: [ALL=1]
            devices:
            - name: 0
              containerEdits:
                env:
                - GPU=0
                additionalGids: [44]
                deviceNodes:
                - {path: /dev/gpu0, hostPath: /dev/null, fileMode: 0666, permissions: rw, uid: 5}
                mounts:
                - hostPath: /lib/x
                  containerPath: /x
                  options: [ro, bind]
                hooks:
                - hookName: createContainer
                  path: /hook
                  args: [hook, 'a']
                  timeout: 3
            """);
        var json = _devices.EditsFor(Asks("vendor.com/gpu=0"));
        var yaml = _devices.EditsFor(Asks("vendor.com/nic=0"));
        Assert.Equal(["ALL=1"], json[0].Env);
        Assert.Equal(Describe(json[1]), Describe(yaml[1]));
        Assert.Equal("/dev/gpu0 /dev/null 438 rw 5 /lib/x /x ro,bind createContainer /hook hook,a 3 44 GPU=0", Describe(yaml[1]));
    }

    [Fact]
    public void EditsFor_FieldAndAnnotations_EachDeviceAndEachFileOnce()
    {
        Spec("low/a.json", "v.com/c", "one", "two");
        var config = Asks("v.com/c=two");
        config.Annotations.Add("cdi.k8s.io/plugin_1", "v.com/c=one,v.com/c=two");
        config.Annotations.Add("other", "v.com/c=three");
        Assert.Equal(["FILE=low/a.json", "DEVICE=two", "DEVICE=one"], _devices.EditsFor(config).SelectMany(edits => edits.Env!));
    }

    [Fact]
    public void EditsFor_SameDeviceInBothFolders_IsTheLaterFolders()
    {
        Spec("low/a.json", "v.com/c", "one", "two");
        Spec("high/z.json", "v.com/c", "one");
        Assert.Equal("FILE=high/z.json", _devices.EditsFor(Asks("v.com/c=one"))[0].Env![0]);
        Assert.Equal("FILE=low/a.json", _devices.EditsFor(Asks("v.com/c=two"))[0].Env![0]);
    }

    [Fact]
    public void EditsFor_SameDeviceTwiceInOneFolder_IsRefusedNamingBothFiles()
    {
        Spec("low/a.json", "v.com/c", "one");
        Spec("low/b.json", "v.com/c", "one");
        var error = Refused("v.com/c=one");
        Assert.Contains("low/a.json", error.Message, StringComparison.Ordinal);
        Assert.Contains("low/b.json", error.Message, StringComparison.Ordinal);
        Spec("high/c.json", "v.com/c", "one");
        Assert.Equal("FILE=high/c.json", _devices.EditsFor(Asks("v.com/c=one"))[0].Env![0]);
    }

    [Fact]
    public void EditsFor_FilesThatComeChangeAndGo_AreSeenAtOnce()
    {
        Refused("v.com/c=one");
        Spec("high/a.json", "v.com/c", "one");
        Assert.NotEmpty(_devices.EditsFor(Asks("v.com/c=one")));
        Spec("high/a.json", "v.com/c", "other");
        Refused("v.com/c=one");
        File.Delete(_folder["high/a.json"]);
        Refused("v.com/c=other");
    }

    [Theory]
    [InlineData("one")]
    [InlineData("v.com=one")]
    [InlineData("v.com/c/d=one")]
    [InlineData("v.com/c=")]
    [InlineData("1v/c=one")]
    [InlineData("v.com/c=-one")]
    public void EditsFor_NotAName_IsRefused(string name) => Assert.Contains("CDI_devices[0].name", Refused(name).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("""{"cdiVersion": "0.8.0", "kind": "v.com/c", "devices": [], "unknown": 1}""", "unknown")]
    [InlineData("""{"cdiVersion": "0.2.0", "kind": "v.com/c", "devices": [{"name": "one", "containerEdits": {"env": ["A=1"]}}]}""", "cdiVersion \"0.2.0\"")]
    [InlineData("""{"cdiVersion": "0.6.0", "kind": "v.com/c", "devices": [{"name": "one", "containerEdits": {"additionalGids": [1]}}]}""", "needs 0.7.0")]
    [InlineData("""{"cdiVersion": "0.8.0", "kind": "v.com/c", "devices": [{"name": "one", "containerEdits": {"netDevices": [{"hostInterfaceName": "a", "name": "b"}]}}]}""", "needs 1.1.0")]
    [InlineData("""{"cdiVersion": "0.4.0", "kind": "v.com/c", "devices": [{"name": "1", "containerEdits": {"env": ["A=1"]}}]}""", "needs 0.5.0")]
    [InlineData("""{"cdiVersion": "0.8.0", "kind": "v.com", "devices": [{"name": "one", "containerEdits": {"env": ["A=1"]}}]}""", "kind")]
    [InlineData("""{"cdiVersion": "0.8.0", "kind": "v.com/c", "devices": [{"name": "one", "containerEdits": {}}]}""", "no containerEdits")]
    [InlineData("""{"cdiVersion": "0.8.0", "kind": "v.com/c", "devices": [{"name": "one", "containerEdits": {"env": ["A"]}}]}""", "env")]
    [InlineData("""{"cdiVersion": "0.8.0", "kind": "v.com/c", "devices": [{"name": "one", "containerEdits": {"deviceNodes": [{"path": "/d", "permissions": "x"}]}}]}""", "permissions")]
    [InlineData("""{"cdiVersion": "0.8.0", "kind": "v.com/c", "devices": [{"name": "one", "containerEdits": {"hooks": [{"hookName": "x", "path": "/d"}]}}]}""", "hookName")]
    [InlineData("not json", "not json")]
    public void EditsFor_FileThatIsNone_IsNamedWithTheMissingDevice(string text, string problem)
    {
        _folder.Write("low/bad.json", text);
        Spec("low/good.json", "v.com/good", "one");
        var error = Refused("v.com/c=one");
        Assert.Contains("v.com/c=one", error.Message, StringComparison.Ordinal);
        Assert.Contains("low/bad.json", error.Message, StringComparison.Ordinal);
        if (text[0] == '{')
        {
            Assert.Contains(problem, error.Message, StringComparison.Ordinal);
        }

        Assert.NotEmpty(_devices.EditsFor(Asks("v.com/good=one")));
    }

    [Fact]
    public void EditsFor_YamlWithReferences_IsRefused()
    {
        _folder.Write("low/bad.yaml", "cdiVersion: 0.8.0\nkind: v.com/c\ndevices: &a [*a]\n");
        Assert.Contains("references", Refused("v.com/c=one").Message, StringComparison.Ordinal);
    }

    private static ContainerConfig Asks(string name) => new() { CDIDevices = { new CDIDevice { Name = name } } };

    private static string Describe(CdiContainerEdits edits)
    {
        var (node, mount, hook) = (edits.DeviceNodes!.Single(), edits.Mounts!.Single(), edits.Hooks!.Single());
        return $"{node.Path} {node.HostPath} {node.FileMode} {node.Permissions} {node.Uid} {mount.HostPath} {mount.ContainerPath} {string.Join(',', mount.Options!)} "
            + $"{hook.HookName} {hook.Path} {string.Join(',', hook.Args!)} {hook.Timeout} {string.Join(',', edits.AdditionalGids!)} {string.Join(',', edits.Env!)}";
    }

    private CriException Refused(string name) => Given.Refused(() => _devices.EditsFor(Asks(name)));

    private void Spec(string path, string kind, params string[] devices)
    {
        var list = string.Join(", ", devices.Select(name => $$$"""{"name": "{{{name}}}", "containerEdits": {"env": ["DEVICE={{{name}}}"]}}"""));
        _folder.Write(path, $$"""{"cdiVersion": "0.8.0", "kind": "{{kind}}", "containerEdits": {"env": ["FILE={{path}}"]}, "devices": [{{list}}]}""");
    }
}
