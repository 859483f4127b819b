namespace Violence.Kademlia.Federation;

/// <summary>Which addresses a server may have, by the network that it is announced in.</summary>
internal enum AddressScope
{
    /// <summary>Any: a LAN, this host, or somebody who allows it.</summary>
    Any,

    /// <summary>On a public network: none that means another host, or none, to everybody who reads it.</summary>
    PublicOnly,
}
