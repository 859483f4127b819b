using System.Buffers;
using MessagePack;
using Violence.Kademlia.Storage;

namespace Violence.Kademlia.Federation;

/// <summary>
/// A query as a filter for the holders, over the elements of <see cref="ServerRowCodec"/>. Leaves out what a filter can't say or has
/// no room for: rows are judged by <see cref="ServerQueryRules"/> when they arrive.
/// </summary>
internal static class ServerFilter
{
    private const int Region = 4;
    private const int Players = 5;
    private const int MaxPlayers = 6;
    private const int Version = 7;
    private const int Tags = 8;
    private const int Mode = 10;
    private const int HasPassword = 11;

    private delegate void Operand(ref MessagePackWriter writer);

    /// <summary>Null when there is nothing to filter.</summary>
    public static byte[]? Of(ServerQuery query)
    {
        List<byte[]> conditions = [];
        AddText(conditions, Region, FilterOperator.TextEquals, query.Region);
        AddNumber(conditions, Players, FilterOperator.NumberAtLeast, query.MinPlayers);
        AddNumber(conditions, Players, FilterOperator.NumberAtMost, query.MaxPlayers);
        AddNumber(conditions, HasPassword, FilterOperator.NumberAtLeast, query.HasPassword == true ? 1 : null);
        AddNumber(conditions, HasPassword, FilterOperator.NumberAtMost, query.HasPassword == false ? 0 : null);
        if (query.HasFreeSlots is { } free)
        {
            // Full ones can't be asked for: a filter has no "not below". That they tell their room is all it can say.
            AddNumber(conditions, free ? Players : MaxPlayers, free ? FilterOperator.BelowElement : FilterOperator.NumberAtLeast, free ? MaxPlayers : 1);
        }

        AddText(conditions, Mode, FilterOperator.TextEquals, query.Mode);
        AddText(conditions, Version, FilterOperator.TextEquals, query.Version);
        foreach (string tag in query.Tags)
        {
            AddText(conditions, Tags, FilterOperator.ArrayContains, tag);
        }

        return conditions.Count == 0 ? null : Join(conditions);
    }

    private static byte[] Join(List<byte[]> conditions)
    {
        int room = PayloadFilter.MaxSize - 1;
        List<byte[]> fitting = [];
        foreach (byte[] condition in conditions)
        {
            if (fitting.Count < PayloadFilter.MaxConditions && condition.Length <= room)
            {
                fitting.Add(condition);
                room -= condition.Length;
            }
        }

        return [(byte)(MessagePackCode.MinFixArray | fitting.Count), .. fitting.SelectMany(static condition => condition)];
    }

    private static void AddText(List<byte[]> conditions, int element, FilterOperator sought, string? text)
    {
        if (text is not null)
        {
            conditions.Add(Condition(element, sought, (ref writer) => writer.Write(text)));
        }
    }

    private static void AddNumber(List<byte[]> conditions, int element, FilterOperator sought, int? number)
    {
        if (number is { } value)
        {
            conditions.Add(Condition(element, sought, (ref writer) => writer.Write(value)));
        }
    }

    private static byte[] Condition(int element, FilterOperator sought, Operand operand)
    {
        ArrayBufferWriter<byte> buffer = new();
        MessagePackWriter writer = new(buffer);
        writer.WriteArrayHeader(3);
        writer.Write(element);
        writer.Write((byte)sought);
        operand(ref writer);
        writer.Flush();
        return buffer.WrittenSpan.ToArray();
    }
}
