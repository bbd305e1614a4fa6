using System.Globalization;

namespace CriShim.Bench;

/// <summary>Collects figures and prints them as a table: what, figure, budget, and whether it is met.</summary>
internal sealed class Report
{
    private readonly List<Row> _rows = [];

    /// <param name="budget">The most that it may be.</param>
    public void Add(string what, double value, string unit, double? budget = null, string note = "") =>
        _rows.Add(new Row(what, value, unit, budget is { } most ? "≤ " + Number(most) : "", budget is null || value <= budget, note));

    public void AddAtLeast(string what, double value, string unit, double least) =>
        _rows.Add(new Row(what, value, unit, "≥ " + Number(least), value >= least, ""));

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
        foreach (var row in _rows)
        {
            var verdict = row.Budget.Length == 0 ? "" : row.IsMet ? "ok" : "MISSED";
            Console.WriteLine($"{row.What,-62} {row.Value.ToString("0.00", CultureInfo.InvariantCulture),10} {row.Unit,-4} {row.Budget,8}  {verdict} {row.Note}");
        }

        return _rows.TrueForAll(row => row.IsMet);
    }

    private static string Number(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);

    private sealed record Row(string What, double Value, string Unit, string Budget, bool IsMet, string Note);
}
