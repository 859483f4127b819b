using System.Globalization;
using ScottPlot;
using Violence.Kademlia.Simulation.Scenarios;

namespace Violence.Kademlia.Benchmarks.Simulate;

/// <summary>Hops and datagrams of a lookup over the size of the network, as a picture.</summary>
internal static class GrowthPlot
{
    private const int Width = 900;
    private const int Height = 500;

    public static void Save(IReadOnlyList<SimulationReport> reports, string path)
    {
        double[] sizes = [.. reports.Select(static report => Math.Log10(report.Nodes))];
        using var plot = new Plot();
        plot.Title("What a lookup costs");
        plot.XLabel("nodes");
        plot.Axes.Bottom.SetTicks(sizes, [.. reports.Select(static report => report.Nodes.ToString("n0", CultureInfo.InvariantCulture))]);
        Add(plot, plot.Axes.Left, "hops", sizes, [.. reports.Select(static report => report.HopsMean)]);
        Add(plot, plot.Axes.Right, "datagrams", sizes, [.. reports.Select(static report => report.DatagramsPerLookup)]);
        plot.ShowLegend(Alignment.UpperLeft);
        plot.SavePng(path, Width, Height);
    }

    /// <summary>One line with an axis of its own that begins at zero: differences look as large as they are.</summary>
    private static void Add(Plot plot, IYAxis axis, string name, double[] sizes, double[] values)
    {
        var line = plot.Add.Scatter(sizes, values);
        line.LegendText = name;
        line.LineWidth = 2;
        line.MarkerSize = 8;
        line.Axes.YAxis = axis;
        axis.Label.Text = name;
        plot.Axes.SetLimitsY(0, 1.25 * Math.Max(1, values.Max()), axis);
    }
}
