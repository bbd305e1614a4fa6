using System.Diagnostics;

namespace CriShim.Demo;

/// <summary>Prints the demo for a reader: numbered steps with the time each took, and indented detail.</summary>
internal sealed class Narrator
{
    private readonly List<(string Step, TimeSpan Time)> _timings = [];
    private int _step;

    /// <summary>Runs one step, named before and timed after.</summary>
    public async Task<T> StepAsync<T>(string title, Func<Task<T>> work)
    {
        Console.WriteLine();
        Console.WriteLine($"{++_step}. {title}");
        var clock = Stopwatch.StartNew();
        var result = await work();
        _timings.Add((title, clock.Elapsed));
        Console.WriteLine($"   {clock.Elapsed.TotalMilliseconds:F1} ms");
        return result;
    }

    public static void Detail(string text)
    {
        foreach (var line in text.TrimEnd('\n').Split('\n'))
        {
            Console.WriteLine("   | " + line);
        }
    }

    public void Summary()
    {
        Console.WriteLine();
        Console.WriteLine("Timings");
        foreach (var (step, time) in _timings)
        {
            Console.WriteLine($"   {time.TotalMilliseconds,9:F1} ms  {step}");
        }
    }
}
