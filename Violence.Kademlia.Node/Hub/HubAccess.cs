using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Violence.Kademlia.Node.Hub;

/// <summary>Who may announce: whoever knows the token, if there is one, and no web page of another origin.</summary>
internal sealed class HubAccess(string? token)
{
    private const string Scheme = "Bearer ";

    private readonly byte[]? _digest = token is null ? null : SHA256.HashData(Encoding.UTF8.GetBytes(token));

    /// <summary>Takes as long whatever the token is: digests are compared, in constant time.</summary>
    public bool HasToken(HttpRequest request)
    {
        if (_digest is null)
        {
            return true;
        }

        string header = request.Headers.Authorization.ToString();
        return header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
            && CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(header[Scheme.Length..].Trim(' '))), _digest);
    }

    /// <summary>Browsers name the page's origin, programs don't. Only this hub's own pages may act for their visitors.</summary>
    public static bool IsOwnOrigin(HttpRequest request)
    {
        string origin = request.Headers.Origin.ToString();
        return origin.Length == 0
            || (Uri.TryCreate(origin, UriKind.Absolute, out Uri? page)
                && string.Equals(page.Authority, request.Host.Value, StringComparison.OrdinalIgnoreCase));
    }
}
