using CriShim.CriServer.Configuration;
using Microsoft.Extensions.Logging;

namespace CriShim.CriServer.Hosting;

/// <summary>The server's log on standard output, as the settings want it.</summary>
internal static class LogSetup
{
    private const string TimeFormat = "yyyy-MM-dd'T'HH:mm:ss.ffffff'Z' ";

    public static ILoggerFactory Create(LogOptions options) => LoggerFactory.Create(builder =>
    {
        builder.SetMinimumLevel(options.Level);
        builder.AddFilter("Microsoft", options.Level > LogLevel.Warning ? options.Level : LogLevel.Warning);
        if (options.Format == LogFormat.Json)
        {
            builder.AddJsonConsole(console =>
            {
                console.TimestampFormat = TimeFormat;
                console.UseUtcTimestamp = true;
            });
        }
        else
        {
            builder.AddSimpleConsole(console =>
            {
                console.TimestampFormat = TimeFormat;
                console.UseUtcTimestamp = true;
                console.SingleLine = true;
            });
        }
    });
}
