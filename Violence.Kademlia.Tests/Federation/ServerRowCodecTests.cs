using System.Buffers;
using CsCheck;
using MessagePack;
using Violence.Kademlia.Federation;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Tests.Federation;

public sealed class ServerRowCodecTests
{
    private delegate void RowWriter(ref MessagePackWriter writer);

    [Test]
    public void What_is_encoded_decodes_to_an_equal_description() =>
        DirectorySamples.Servers.Sample(server =>
            ServerRowCodec.TryDecode(ServerRowCodec.Encode(server), out ServerInfo? decoded) && decoded.Equals(server));

    [Test]
    public void A_row_is_this_array_to_the_byte()
    {
        ServerInfo server = new() { Name = "A", Address = "h:1", Genre = "g", Players = 200, MaxPlayers = 300, Tags = ["t"], Mode = "m", HasPassword = true };

        // [1, "A", "h:1", "g", "unknown", 200, 300, "", ["t"], 120, "m", true]
        Assert.That(
            Convert.ToHexStringLower(ServerRowCodec.Encode(server, TimeSpan.FromMinutes(2))),
            Is.EqualTo("9c01a141a3683a31a167a7756e6b6e6f776eccc8cd012ca091a17478a16dc3"));
    }

    [Test]
    public void The_nodes_port_is_one_more_element()
    {
        byte[] row = ServerRowCodec.Encode(DirectorySamples.Arena, ServerLease.Default, nodePort: 4001);
        byte[] without = ServerRowCodec.Encode(DirectorySamples.Arena, ServerLease.Default);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(row, Is.EqualTo((byte[])[(byte)(without[0] + 1), .. without[1..], 0xcd, 0x0f, 0xa1]));
            Assert.That((PortOf(row), PortOf(without)), Is.EqualTo(((true, (int?)4001), (true, (int?)null))));
            Assert.That(PortOf([(byte)(without[0] + 1), .. without[1..], 0xc0]), Is.EqualTo((true, (int?)null)));
            Assert.That(
                new byte[][] { [0], [0xff], [0xce, 0, 1, 0, 0], [0xa1, (byte)'1'], [0xc3], [] }
                    .Where(port => PortOf([(byte)(without[0] + 1), .. without[1..], .. port]).IsRow),
                Is.Empty);
        }

        static (bool IsRow, int? Port) PortOf(byte[] row) => (ServerRowCodec.TryDecode(row, out _, out _, out int? port), port);
    }

    [Test]
    public void The_longest_row_leaves_room_for_the_rest_of_its_record()
    {
        byte[] row = ServerRowCodec.Encode(DirectorySamples.Longest, TimeSpan.FromHours(1), nodePort: ushort.MaxValue);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(row, Has.Length.LessThanOrEqualTo(ServerRowCodec.MaxSize));
            // Around the payload: key, owner key, label, numbers and headers are below 200 bytes, then the signature.
            Assert.That(ServerRowCodec.MaxSize, Is.LessThan(Record.MaxSize - Record.SignatureSize - 200));
            Assert.That(ServerRowCodec.TryDecode(row, out ServerInfo? decoded), Is.True);
            Assert.That(decoded, Is.EqualTo(DirectorySamples.Longest));
        }
    }

    [Test]
    public void Random_bytes_never_throw() =>
        Gen.Byte.Array[0, 1000].Sample(
            bytes =>
            {
                _ = ServerRowCodec.TryDecode(bytes, out _);
            },
            iter: 20_000);

    [Test]
    public void Mutated_rows_never_throw_and_what_decodes_is_valid()
    {
        Gen<(int Position, byte Value)[]> edits = Gen.Select(Gen.Int[0, 999], Gen.OneOf(Gen.Byte, Gen.Byte[0x80, 0xff])).Array[1, 8];
        Gen.Select(DirectorySamples.Servers, edits, Gen.Int[0, 1000]).Sample(
            (server, changes, length) =>
            {
                byte[] row = ServerRowCodec.Encode(server);
                foreach ((int position, byte value) in changes)
                {
                    row[position % row.Length] = value;
                }

                byte[] cut = row[..Math.Min(row.Length, length)];
                if (ServerRowCodec.TryDecode(cut, out ServerInfo? decoded))
                {
                    Assert.That(ServerInfoValidator.Check(decoded), Is.Empty);
                }
            },
            iter: 20_000);
    }

    [Test]
    public void Every_type_code_at_every_element_is_judged_without_an_exception()
    {
        byte[] row = ServerRowCodec.Encode(DirectorySamples.Arena);
        for (int position = 0; position < row.Length; position++)
        {
            for (int value = 0; value < 256; value++)
            {
                byte[] changed = [.. row];
                changed[position] = (byte)value;
                Assert.That(() => ServerRowCodec.TryDecode(changed, out _), Throws.Nothing);
            }
        }
    }

    [Test]
    public void A_row_cut_anywhere_is_refused()
    {
        byte[] row = ServerRowCodec.Encode(DirectorySamples.Arena);

        Assert.That(
            Enumerable.Range(0, row.Length).Where(length => ServerRowCodec.TryDecode(row.AsMemory(0, length), out _)),
            Is.Empty);
    }

    [Test]
    public void Elements_and_bytes_after_the_known_ones_are_skipped()
    {
        byte[] row = ServerRowCodec.Encode(DirectorySamples.Arena, nodePort: 1);
        row[0] = 0x9f;
        // A later version's element, then one nested deeper than any reader should follow.
        byte[] longer = [.. row, 0xa1, (byte)'x', .. Enumerable.Repeat((byte)0x91, 300)];

        Assert.That(ServerRowCodec.TryDecode(longer, out ServerInfo? decoded), Is.True);
        Assert.That(decoded, Is.EqualTo(DirectorySamples.Arena));
    }

    [Test]
    public void Numbers_and_headers_of_any_width_are_read()
    {
        byte[][] threes =
        [
            [0x03], [0xcc, 3], [0xcd, 0, 3], [0xce, 0, 0, 0, 3], [0xcf, 0, 0, 0, 0, 0, 0, 0, 3],
            [0xd0, 3], [0xd1, 0, 3], [0xd2, 0, 0, 0, 3], [0xd3, 0, 0, 0, 0, 0, 0, 0, 3],
        ];
        byte[][] genres =
        [
            [0xa1, (byte)'g'], [0xd9, 1, (byte)'g'], [0xda, 0, 1, (byte)'g'], [0xdb, 0, 0, 0, 1, (byte)'g'],
        ];
        byte[][] headers = [[0x99], [0xdc, 0, 9], [0xdd, 0, 0, 0, 9]];
        byte[][] tagHeaders = [[0x90], [0xdc, 0, 0], [0xdd, 0, 0, 0, 0]];

        var rows =
            from header in headers
            from genre in genres
            from three in threes
            from tags in tagHeaders
            select Row(header, genre, three, tags);

        Assert.That(rows.Where(row => !ServerRowCodec.TryDecode(row, out ServerInfo? server) || server.Players != 3), Is.Empty);
    }

    [Test]
    public void A_row_of_before_the_lease_promises_nothing_and_needs_no_password()
    {
        Assert.That(ServerRowCodec.TryDecode(Row([0x99], [0xa1, (byte)'g'], [3], [0x90]), out ServerInfo? server, out TimeSpan? lease), Is.True);
        Assert.That((server!.Mode, server.HasPassword, lease), Is.EqualTo(("", false, (TimeSpan?)null)));
    }

    [Test]
    public void The_lease_travels_in_seconds_and_outside_its_limits_the_row_is_refused()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(LeaseOf([0xc0]), Is.EqualTo((true, (TimeSpan?)null)));
            Assert.That(LeaseOf([30]), Is.EqualTo((true, (TimeSpan?)TimeSpan.FromSeconds(30))));
            Assert.That(LeaseOf([0xcd, 0x0e, 0x10]), Is.EqualTo((true, (TimeSpan?)TimeSpan.FromHours(1))));
            Assert.That(new byte[][] { [29], [0], [0xcd, 0x0e, 0x11], [0xa0], [0xc3] }.Where(lease => LeaseOf(lease).IsRow), Is.Empty);
        }
    }

    [Test]
    public void A_mode_and_a_flag_of_another_form_are_refused()
    {
        byte[] row = Row([0x9b], [0xa1, (byte)'g'], [3], [0x90]);

        Assert.That(new byte[][] { [0xc0], [0x01], [0xa1, (byte)'!'] }.Where(mode => ServerRowCodec.TryDecode(new byte[][] { row, [0xc0], mode }.SelectMany(part => part).ToArray(), out _)), Is.Empty);
        row[0] = 0x9c;
        Assert.That(new byte[][] { [0xc0], [0x01], [0xa0] }.Where(flag => ServerRowCodec.TryDecode(new byte[][] { row, [0xc0], [0xa0], flag }.SelectMany(part => part).ToArray(), out _)), Is.Empty);
    }

    private static (bool IsRow, TimeSpan? Lease) LeaseOf(byte[] element) =>
        (ServerRowCodec.TryDecode((byte[])[.. Row([0x9a], [0xa1, (byte)'g'], [3], [0x90]), .. element], out _, out TimeSpan? lease), lease);

    [Test]
    public void Numbers_outside_0_to_65535_are_refused_in_any_width()
    {
        byte[][] numbers =
        [
            [0xff], [0xe0], [0xd0, 0xff], [0xd1, 0xff, 0xff], [0xd2, 0xff, 0xff, 0xff, 0xff],
            [0xd3, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], [0xcf, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
            [0xce, 0, 1, 0, 0], [0xcf, 0, 0, 0, 1, 0, 0, 0, 0], [0xd3, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], [0xc0], [0xc3],
        ];

        Assert.That(
            numbers.Where(number => ServerRowCodec.TryDecode(Row([0x99], [0xa1, (byte)'g'], number, [0x90]), out _)),
            Is.Empty);
    }

    [Test]
    public void Lengths_that_promise_more_than_there_is_are_refused()
    {
        byte[][] headers = [[0xdd, 0xff, 0xff, 0xff, 0xff], [0xdd, 0x7f, 0xff, 0xff, 0xff], [0xdc, 0xff, 0xff], [0x9f]];
        byte[][] texts = [[0xdb, 0xff, 0xff, 0xff, 0xff], [0xda, 0xff, 0xff], [0xd9, 0xff], [0xbf]];

        using (Assert.EnterMultipleScope())
        {
            Assert.That(
                headers.Where(tags => ServerRowCodec.TryDecode(Row([0x99], [0xa1, (byte)'g'], [3], tags), out _)), Is.Empty);
            Assert.That(
                texts.Where(genre => ServerRowCodec.TryDecode(Row([0x99], genre, [3], [0x90]), out _)), Is.Empty);
        }
    }

    [Test]
    public void Rows_that_break_a_rule_are_dropped()
    {
        byte[][] rows =
        [
            Encode((ref writer) => WriteRow(ref writer, name: "bell\u0007")),
            Encode((ref writer) => WriteRow(ref writer, name: "Ar\u0435na")),
            Encode((ref writer) => WriteRow(ref writer, name: new string('a', 49))),
            Encode((ref writer) => WriteRow(ref writer, name: null)),
            Encode((ref writer) => WriteRow(ref writer, address: "0.0.0.0:1")),
            Encode((ref writer) => WriteRow(ref writer, genre: "two words")),
            Encode((ref writer) => WriteRow(ref writer, players: 17)),
            Encode((ref writer) => WriteRow(ref writer, players: 65536)),
            Encode((ref writer) => WriteRow(ref writer, players: -1)),
            Encode((ref writer) => WriteRow(ref writer, tags: 9)),
            Encode((ref writer) => WriteRow(ref writer, format: 2)),
            Encode((ref writer) => WriteRow(ref writer, elements: 8)),
            Encode(static (ref writer) => writer.WriteMapHeader(9)),
            [],
        ];

        using (Assert.EnterMultipleScope())
        {
            Assert.That(ServerRowCodec.TryDecode(Encode((ref writer) => WriteRow(ref writer)), out _), Is.True);
            Assert.That(rows.Where(row => ServerRowCodec.TryDecode(row, out _)), Is.Empty);
        }
    }

    [Test]
    public void A_row_from_elsewhere_is_normalized_like_ones_own()
    {
        byte[] row = Encode((ref writer) => WriteRow(ref writer, name: " Arena ", genre: "CTF"));

        Assert.That(ServerRowCodec.TryDecode(row, out ServerInfo? server), Is.True);
        Assert.That((server!.Name, server.Genre), Is.EqualTo(("Arena", "ctf")));
    }

    private static byte[] Row(byte[] header, byte[] genre, byte[] players, byte[] tags) =>
    [
        .. header, 1, 0xa1, (byte)'n', 0xa3, (byte)'h', (byte)':', (byte)'1', .. genre, 0xa1, (byte)'r', .. players, 0, 0xa0, .. tags,
    ];

    private static void WriteRow(
        ref MessagePackWriter writer,
        int elements = 9,
        int format = 1,
        string? name = "Arena",
        string address = "203.0.113.7:1",
        string genre = "ctf",
        int players = 3,
        int tags = 0)
    {
        writer.WriteArrayHeader(elements);
        writer.Write(format);
        writer.Write(name);
        writer.Write(address);
        writer.Write(genre);
        writer.Write("eu");
        writer.Write(players);
        writer.Write(16);
        writer.Write("");
        writer.WriteArrayHeader(tags);
        for (int i = 0; i < tags; i++)
        {
            writer.Write("t");
        }
    }

    private static byte[] Encode(RowWriter write)
    {
        ArrayBufferWriter<byte> buffer = new();
        MessagePackWriter writer = new(buffer);
        write(ref writer);
        writer.Flush();
        return buffer.WrittenSpan.ToArray();
    }
}
