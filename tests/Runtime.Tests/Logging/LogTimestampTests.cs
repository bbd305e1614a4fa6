using System.Globalization;
using System.Text;
using System.Text.Json;
using CriShim.Runtime.Logging;
using CriShim.Runtime.Tests.Fakes;

namespace CriShim.Runtime.Tests.Logging;

public sealed class LogTimestampTests
{
    [Fact]
    public void Format_ManyTimes_AgreesWithDotNet()
    {
        var random = new Random(1);
        for (var i = 0; i < 1000; i++)
        {
            var time = new DateTime(random.NextInt64(DateTime.UnixEpoch.Ticks, DateTime.MaxValue.Ticks), DateTimeKind.Utc);
            var text = new byte[LogTimestamp.Length];
            LogTimestamp.Format(time, text);
            Assert.Equal(time.ToString("yyyy-MM-ddTHH:mm:ss.fffffff00Z", CultureInfo.InvariantCulture), Encoding.ASCII.GetString(text));
        }
    }

    [Fact]
    public void RuntimeLog_Messages_AreJsonLinesOfTheFirstProblemOn()
    {
        var folder = Directory.CreateTempSubdirectory("crishim-test-").FullName;
        try
        {
            var path = Path.Combine(folder, "supervisor.log");
            using var log = new RuntimeLog(path, new FixedTime(DateTimeOffset.UnixEpoch));
            Assert.False(File.Exists(path));
            log.Error("first \"problem\"\n");
            log.Warning("second");
            var lines = File.ReadAllLines(path);
            Assert.Equal(2, lines.Length);
            using var json = JsonDocument.Parse(lines[0]);
            Assert.Equal("first \"problem\"\n", json.RootElement.GetProperty("msg").GetString());
            Assert.Equal("1970-01-01T00:00:00.000000000Z", json.RootElement.GetProperty("time").GetString());
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
