using System.Globalization;

namespace CriShim.Bench;

/// <summary>Collects figures and prints them as a table: what, figure, budget, and whether it is met.</summary>
internal sealed class Report
{
    private readonly List<(string What, double Value, string Unit, double? Budget, string Note)> _rows = [];

    public void Add(string what, double value, string unit, double? budget = null, string note = "") => _rows.Add((what, value, unit, budget, note));

    public static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToList();
        return sorted.Count % 2 == 1 ? sorted[sorted.Count / 2] : (sorted[(sorted.Count / 2) - 1] + sorted[sorted.Count / 2]) / 2;
    }

    /// <summary>Prints all rows; true when every budget is met.</summary>
    public bool Print()
    {
        Console.WriteLine();
        Console.WriteLine($"{"what",-62} {"median",10}      {"budget",8}");
        foreach (var (what, value, unit, budget, note) in _rows)
        {
            var limit = budget is { } b ? "≤ " + b.ToString("0.##", CultureInfo.InvariantCulture) : "";
            var verdict = budget is null ? "" : value <= budget ? "ok" : "MISSED";
            Console.WriteLine($"{what,-62} {value.ToString("0.00", CultureInfo.InvariantCulture),10} {unit,-4} {limit,8}  {verdict} {note}");
        }

        return _rows.TrueForAll(row => row.Budget is not { } b || row.Value <= b);
    }
}
