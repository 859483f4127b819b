using System.Net;
using System.Text;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Persistence;

/// <summary>What <see cref="ContactsFile"/> could read.</summary>
/// <param name="Contacts">The contacts in the order they were saved: best first.</param>
/// <param name="SkippedLines">Lines that are no contact, or are beyond the limit.</param>
/// <param name="Problem">Why the file could not be read at all, for a log; null when it could, or when there is none.</param>
internal sealed record LoadedContacts(IReadOnlyList<Contact> Contacts, int SkippedLines, string? Problem);

/// <summary>
/// The contacts a node knew last, so that it finds back into the network without its seeds. Text, one contact a line:
/// <c>&lt;id, 40 hex digits&gt; &lt;address:port&gt;</c>; lines that begin with # are notes. A convenience and never a source
/// of trust: every contact proves itself anew, and a damaged line costs that line.
/// </summary>
internal static class ContactsFile
{
    public const string FileName = "contacts.txt";
    public const int MaxContacts = 200;

    private const string Heading = "# Contacts of a Violence.Kademlia node: id, address. Rewritten by the node; may be deleted.";
    private const int MaxFileBytes = 64 * 1024;

    /// <summary>
    /// Replaces the file with the first <see cref="MaxContacts"/> of <paramref name="contacts"/>: put the best first.
    /// </summary>
    /// <returns>False when it could not be written; <paramref name="problem"/> tells why.</returns>
    public static bool TrySave(string directory, ReadOnlySpan<Contact> contacts, out string problem)
    {
        var text = new StringBuilder(Heading).Append('\n');
        foreach (Contact contact in contacts[..Math.Min(contacts.Length, MaxContacts)])
        {
            text.Append(contact.Id).Append(' ').Append(contact.Endpoint).Append('\n');
        }

        try
        {
            AtomicFile.CreatePrivateDirectory(directory);
            AtomicFile.Write(Path.Combine(directory, FileName), Encoding.ASCII.GetBytes(text.ToString()), replace: true);
            problem = "";
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            problem = e.Message;
            return false;
        }
    }

    /// <summary>Reads the contacts; a missing file gives none, and nothing in a file makes this throw.</summary>
    public static LoadedContacts Load(string directory)
    {
        var contacts = new List<Contact>();
        int skipped = 0;
        try
        {
            foreach (string line in ReadText(Path.Combine(directory, FileName)).Split('\n'))
            {
                ReadOnlySpan<char> content = line.AsSpan().Trim();
                if (content.IsEmpty || content[0] == '#')
                {
                    continue;
                }

                if (contacts.Count < MaxContacts && TryParse(content, out Contact contact))
                {
                    contacts.Add(contact);
                }
                else
                {
                    skipped++;
                }
            }

            return new LoadedContacts(contacts, skipped, Problem: null);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return new LoadedContacts([], 0, Problem: null);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new LoadedContacts([], 0, e.Message);
        }
    }

    private static string ReadText(string path)
    {
        byte[] bytes = new byte[MaxFileBytes];
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        int length = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        return Encoding.Latin1.GetString(bytes, 0, length);
    }

    private static bool TryParse(ReadOnlySpan<char> line, out Contact contact)
    {
        contact = default;
        int blank = line.IndexOf(' ');
        if (blank < 0
            || !NodeId.TryParse(line[..blank].ToString(), out NodeId id)
            || !IPEndPoint.TryParse(line[(blank + 1)..].Trim(), out IPEndPoint? endPoint))
        {
            return false;
        }

        // An address without a port parses with port 0, which is not sendable either.
        contact = new Contact(id, NodeEndpoint.From(endPoint));
        return contact.Endpoint.IsSendable;
    }
}
