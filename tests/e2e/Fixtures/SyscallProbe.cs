using System.Globalization;
using CriShim.TestKit;

namespace CriShim.E2e.Fixtures;

/// <summary>A static program that makes the system calls it is told and prints what the kernel says: built from C once for a run.</summary>
public sealed class SyscallProbe : IDisposable
{
    public const string PathInContainer = "/probe/probe";

    // Each argument is "number,a,b,c…"; the answer a line: 0, or the errno.
    private const string Source = """
        #include <errno.h>
        #include <stdio.h>
        #include <stdlib.h>
        #include <unistd.h>
        #include <sys/syscall.h>
        int main(int argc, char **argv) {
          for (int i = 1; i < argc; i++) {
            long a[7] = {0}; char *p = argv[i];
            for (int n = 0; n < 7 && *p; n++) { a[n] = strtol(p, &p, 0); if (*p == ',') p++; }
            long r = syscall(a[0], a[1], a[2], a[3], a[4], a[5], a[6]);
            printf("%d\n", r < 0 ? errno : 0);
            fflush(stdout);
          }
          return 0;
        }
        """;

    private readonly TempFolder _folder = new();

    public SyscallProbe()
    {
        File.WriteAllText(_folder.Combine("probe.c"), Source);
        Command.Output("gcc", "-static", "-O1", "-o", _folder.Combine("probe"), _folder.Combine("probe.c"));
    }

    /// <summary>To be mounted at /probe.</summary>
    public string Folder => _folder.Path;

    public static IReadOnlyList<int> Errors(string output) =>
        [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => int.Parse(line, CultureInfo.InvariantCulture))];

    public void Dispose() => _folder.Dispose();
}
