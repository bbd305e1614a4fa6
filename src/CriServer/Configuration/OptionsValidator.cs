using System.Buffers;
using System.Net;
using CriShim.CriServer.Handlers;
using CriShim.CriServer.Specs;

namespace CriShim.CriServer.Configuration;

/// <summary>Rules that types cannot express. Each line: path of the setting, then what is wrong.</summary>
internal static class OptionsValidator
{
    private const int LeastQuotaBytes = 64 << 10;
    private const int MaxSocketPathBytes = 107; // sun_path of unix(7), less the final zero

    private static readonly SearchValues<char> s_handlerLetters = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789-.");

    public static IReadOnlyList<string> Validate(CriServerOptions options)
    {
        var errors = new List<string>();
        Listen(options, errors);
        AbsolutePath("root", options.Root, errors);
        AbsolutePath("state", options.State, errors);
        Runtime(options.Runtime, errors);
        Pulls(options.Images, errors);
        Streaming(options.Streaming, errors);
        Images(options.Images, errors);
        return errors;
    }

    private static void Listen(CriServerOptions options, List<string> errors)
    {
        var path = options.SocketPath();
        if (!path.StartsWith('/'))
        {
            errors.Add($"listen: \"{options.Listen}\" is not unix:// and an absolute path");
        }
        else if (path.Length > MaxSocketPathBytes)
        {
            errors.Add($"listen: \"{path}\" is longer than the {MaxSocketPathBytes} bytes of a socket address");
        }
    }

    private static void Runtime(RuntimeOptions runtime, List<string> errors)
    {
        if (runtime.Binary.Length > 0)
        {
            AbsolutePath("runtime.binary", runtime.Binary, errors);
        }

        foreach (var (name, handler) in runtime.Handlers)
        {
            Handler(name, handler, errors);
        }

        if (runtime.CgroupDriver is not (CgroupPaths.FolderDriver or CgroupPaths.SystemdDriver))
        {
            errors.Add($"runtime.cgroupDriver: \"{runtime.CgroupDriver}\" is neither {CgroupPaths.FolderDriver} nor {CgroupPaths.SystemdDriver}");
        }

        Range("runtime.maxLogLineBytes", runtime.MaxLogLineBytes, 256, 1024 * 1024, errors);
        Range("runtime.execDrainMilliseconds", runtime.ExecDrainMilliseconds, 0, 60_000, errors);
    }

    private static void Handler(string name, RuntimeHandlerOptions handler, List<string> errors)
    {
        if (name is "" or RuntimeHandlers.BuiltInName || name.AsSpan().ContainsAnyExcept(s_handlerLetters))
        {
            errors.Add($"runtime.handlers.{name}: the name must be of a-z, 0-9, - and ., and not \"{RuntimeHandlers.BuiltInName}\"");
        }

        AbsolutePath($"runtime.handlers.{name}.binary", handler.Binary, errors);
        if (handler.Root is { } root)
        {
            AbsolutePath($"runtime.handlers.{name}.root", root, errors);
        }
    }

    private static void Pulls(ImageOptions images, List<string> errors)
    {
        Range("images.maxConcurrentLayers", images.MaxConcurrentLayers, 1, 64, errors);
        Range("images.maxConcurrentPulls", images.MaxConcurrentPulls, 1, 1000, errors);
        Range("images.maxQueuedPulls", images.MaxQueuedPulls, 0, 10_000, errors);
        Range("images.abandonedPullSeconds", images.AbandonedPullSeconds, 0, 86_400, errors);
        Range("images.connectTimeoutSeconds", images.ConnectTimeoutSeconds, 1, 600, errors);
        Range("images.responseTimeoutSeconds", images.ResponseTimeoutSeconds, 1, 3600, errors);
        Range("images.progressTimeoutSeconds", images.ProgressTimeoutSeconds, 1, 3600, errors);
        Range("images.requestRetries", images.RequestRetries, 0, 20, errors);
        Range("images.retryDelayMilliseconds", images.RetryDelayMilliseconds, 1, 60_000, errors);
        Range("images.maxRetryWaitSeconds", images.MaxRetryWaitSeconds, 0, 3600, errors);
        Range("images.keepFailedPullSeconds", images.KeepFailedPullSeconds, 0, 86_400, errors);
    }

    private static void Streaming(StreamingOptions streaming, List<string> errors)
    {
        if (!IPAddress.TryParse(streaming.Address, out _))
        {
            errors.Add($"streaming.address: \"{streaming.Address}\" is not an IP address");
        }

        Range("streaming.port", streaming.Port, 0, ushort.MaxValue, errors);
        Range("streaming.creationTimeoutSeconds", streaming.CreationTimeoutSeconds, 1, 3600, errors);
        Range("streaming.idleTimeoutSeconds", streaming.IdleTimeoutSeconds, 1, 30 * 24 * 3600, errors);
        Range("streaming.maxTokens", streaming.MaxTokens, 1, 1_000_000, errors);
        if (streaming.Tls.CertificateFile.Length > 0 != streaming.Tls.KeyFile.Length > 0)
        {
            errors.Add("streaming.tls: certificateFile and keyFile belong together");
        }
        else if (streaming.Tls.CertificateFile.Length > 0)
        {
            AbsolutePath("streaming.tls.certificateFile", streaming.Tls.CertificateFile, errors);
            AbsolutePath("streaming.tls.keyFile", streaming.Tls.KeyFile, errors);
        }
    }

    private static void Images(ImageOptions images, List<string> errors)
    {
        if (images.SignaturePolicy.Length > 0)
        {
            AbsolutePath("images.signaturePolicy", images.SignaturePolicy, errors);
        }

        if (images.ContainerQuotaBytes != 0)
        {
            Range("images.containerQuotaBytes", images.ContainerQuotaBytes, LeastQuotaBytes, long.MaxValue, errors);
        }
    }

    private static void AbsolutePath(string path, string value, List<string> errors)
    {
        if (!value.StartsWith('/') || value.Split('/').Contains(".."))
        {
            errors.Add($"{path}: \"{value}\" is not an absolute path");
        }
    }

    private static void Range(string path, long value, long least, long most, List<string> errors)
    {
        if (value < least || value > most)
        {
            errors.Add($"{path}: {value} is not between {least} and {most}");
        }
    }
}
