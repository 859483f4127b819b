using System.Diagnostics.CodeAnalysis;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Storage;
using Violence.Kademlia.Wire;

namespace Violence.Kademlia.Engine.Operations;

/// <summary>
/// Reads what one holder has all around the ring of places. What is left is a row of arcs, nearest first, cut as they are begun, so
/// that several pages are under way at once and each arc takes a few. Ends: every page shortens an arc or ends it, and a holder gets
/// no more of them than what it says it has can take.
/// </summary>
internal sealed class HolderWalk
{
    /// <summary>An arc's last page brings half a page beyond it, so arcs are not shorter; longer ones are slower at the end.</summary>
    private const double ArcPagesMin = 1.5;
    private const double ArcPagesMax = 3;

    /// <summary>The shortest arc, as a share of the ring: a bound for totals and density that somebody made up.</summary>
    private const double ArcWidthMin = 1.0 / 256;

    /// <summary>Records for which a holder gets pages, whatever more it says it has.</summary>
    public const int TotalMax = 1_300;
    private const int PagesSpare = 64;

    /// <summary>Pages that stay without an answer in a row: one lost datagram is no silence.</summary>
    private const int SilencesMax = 2;

    private readonly List<Arc> _arcs = [];
    private readonly bool _isFiltered;
    private readonly uint _total;
    private readonly double _arcPages;
    private readonly int _window;
    private int _pagesLeft;
    private int _underWay;
    private int _silences;
    private double _widthRead;
    private int _pagesRead;
    private int _rowsMost = 1;

    /// <param name="holder">Whom it reads from.</param>
    /// <param name="start">Where its first page began.</param>
    /// <param name="next">Where that page ended.</param>
    /// <param name="first">The page.</param>
    /// <param name="isFiltered">Whether holders leave records out.</param>
    /// <param name="window">Pages under way at once; with 1 it is read in one row, however the records stand.</param>
    public HolderWalk(Contact holder, RecordCursor start, RecordCursor next, IncomingMessage first, bool isFiltered, int window)
    {
        Holder = holder;
        _isFiltered = isFiltered;
        _total = first.Total;
        uint believed = Math.Min(_total, TotalMax);
        _pagesLeft = (int)(believed + believed / 2) + PagesSpare;
        Measure(start, next, first.RecordCount);
        var rest = new Arc(this, next, start);
        _arcs.Add(rest);
        _arcPages = window > 1 ? Math.Clamp(rest.Width / PageWidth / window, ArcPagesMin, ArcPagesMax) : double.PositiveInfinity;
        _window = window;
    }

    public Contact Holder { get; }

    /// <summary>How many records it says it has.</summary>
    public uint Total => _total;

    /// <summary>Whether all around has been read.</summary>
    public bool IsCovered => _arcs.Count == 0;

    /// <summary>Whether it is of no more use: silent, a liar, or one that pages on and on.</summary>
    public bool IsLost { get; set; }

    /// <summary>The share of the ring that a page brings.</summary>
    private double PageWidth
    {
        get
        {
            // Without a filter the total says it best. Nobody is believed to have several times what a page shows.
            double shown = _widthRead / _pagesRead;
            double told = (double)_rowsMost / Math.Max(_total, 1);
            return _isFiltered ? Math.Max(shown, told) : Math.Max(shown / 4, told);
        }
    }

    private double ArcWidth => Math.Max(PageWidth * _arcPages, ArcWidthMin);

    /// <summary>The next arc to ask a page of, unless as many as may be are under way, or <paramref name="most"/>.</summary>
    public bool TryTake(int most, [NotNullWhen(true)] out Arc? arc)
    {
        arc = null;
        if (_underWay >= Math.Min(_window, most))
        {
            return false;
        }

        int index = _arcs.FindIndex(static arc => !arc.IsAsked);
        if (index >= 0)
        {
            arc = _arcs[index];
            double width = ArcWidth;
            if (arc.Width > 1.5 * width)
            {
                Divide(index, width);
            }
        }
        else if (TryDivideWidest(out index))
        {
            arc = _arcs[index + 1];
        }

        if (arc is null)
        {
            return false;
        }

        arc.IsAsked = true;
        _underWay++;
        _pagesLeft--;
        IsLost |= _pagesLeft < 0;
        return !IsLost;
    }

    /// <summary>A page of an arc, which <see cref="PageWalk.IsPage"/> found to be one.</summary>
    public void OnPage(Arc arc, IncomingMessage page)
    {
        OnEnded(arc);
        _silences = 0;
        int index = _arcs.IndexOf(arc);
        if (page.Cursor is not { } to)
        {
            // All that it has in one reply.
            _arcs.Clear();
            return;
        }

        if (index < 0)
        {
            return;
        }

        Measure(arc.At, to, page.RecordCount);
        Cover(index, arc.At, to);
    }

    public void OnFailure(Arc arc)
    {
        OnEnded(arc);
        IsLost |= ++_silences >= SilencesMax;
    }

    private void OnEnded(Arc arc)
    {
        arc.IsAsked = false;
        _underWay--;
    }

    private void Measure(RecordCursor from, RecordCursor to, int rows)
    {
        _widthRead += OwnerRing.Width(from, to);
        _pagesRead++;
        _rowsMost = Math.Max(_rowsMost, rows);
    }

    /// <summary>Shortens the arc, and those behind it that the page reaches into and that nobody is reading.</summary>
    private void Cover(int index, RecordCursor from, RecordCursor to)
    {
        while (index < _arcs.Count && !_arcs[index].IsAsked)
        {
            Arc arc = _arcs[index];
            if (arc.At != from && !RecordPlace.IsBetween(from, arc.At, to))
            {
                return;
            }

            if (RecordPlace.IsBetween(from, to, arc.End))
            {
                arc.At = to;
                return;
            }

            _arcs.RemoveAt(index);
        }
    }

    private void Divide(int index, double share)
    {
        Arc arc = _arcs[index];
        RecordCursor middle = OwnerRing.Onward(arc.At, share);
        _arcs.Insert(index + 1, new Arc(this, middle, arc.End));
        arc.End = middle;
    }

    /// <summary>With nothing else to begin, the widest arc under way gives away half of what lies behind its next page.</summary>
    private bool TryDivideWidest(out int index)
    {
        index = -1;
        double widest = Math.Max(2.5 * PageWidth, ArcWidthMin);
        for (int i = 0; i < _arcs.Count; i++)
        {
            double width = _arcs[i].Width;
            if (width > widest)
            {
                widest = width;
                index = i;
            }
        }

        if (index >= 0)
        {
            Divide(index, (widest + PageWidth) / 2);
        }

        return index >= 0;
    }
}
