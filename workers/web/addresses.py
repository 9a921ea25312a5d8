"""Which IP addresses belong to the public Internet, and to nobody's inside.

The lists are our own, beside `ipaddress`: what that calls global differs between versions of Python.
Sources: the IANA special-purpose address registries (RFC 6890), read in 2026-11.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

Address = IPv4Address | IPv6Address

METADATA = frozenset({
    IPv4Address("169.254.169.254"),  # AWS, Azure, Google, DigitalOcean, Oracle, Hetzner
    IPv4Address("169.254.170.2"),  # AWS ECS: credentials of a task
    IPv4Address("169.254.170.23"),  # AWS EKS
    IPv4Address("100.100.100.200"),  # Alibaba
    IPv4Address("192.0.0.192"),  # Oracle, its first form
    IPv4Address("168.63.129.16"),  # Azure's inside, at a public address
    IPv6Address("fd00:ec2::254"),  # AWS
    IPv6Address("fd00:ec2::23"),  # AWS EKS
    IPv6Address("fd20:ce::254"),  # Google
})  # fmt: skip
"""Where clouds hand their keys to whoever asks from inside: never asked, whatever is allowed."""

NOT_PUBLIC_4 = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # this network; Linux takes 0.0.0.0 for itself
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # shared behind a carrier's NAT
        "127.0.0.0/8",  # loopback
        "169.254.0.0/16",  # link-local
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # relays of 6to4, retired
        "192.168.0.0/16",  # private
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
    )
)
GLOBAL_6 = IPv6Network("2000::/3")  # all that was ever given out for the public Internet
NOT_PUBLIC_6 = tuple(
    IPv6Network(network)
    for network in (
        "2001::/23",  # protocol assignments, with Teredo, ORCHID and benchmarks
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: carries an IPv4 address, and is retired
        "3ffe::/16",  # 6bone, given back
        "3fff::/20",  # documentation
    )
)
NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052: the last 32 bits are an IPv4 address
COMPATIBLE = IPv6Network("::/96")
ISATAP = (0x00005EFE, 0x02005EFE)  # RFC 5214: the third quarter, before an IPv4 address


def is_public(address: Address) -> bool:
    """Return whether an address lies on the public Internet, whichever way it is written.

    An IPv6 address that carries an IPv4 one is public only behind NAT64, which networks without IPv4 need, and if the
    carried one is. The other forms (mapped, compatible, 6to4, Teredo, ISATAP) lead no honest site anywhere.
    """
    if address in METADATA:
        return False
    if isinstance(address, IPv4Address):
        return address.is_global and not any(address in network for network in NOT_PUBLIC_4)
    if address in NAT64:
        return is_public(_last_32_bits(address))
    if address not in GLOBAL_6 or (int(address) >> 32) & 0xFFFFFFFF in ISATAP:
        return False
    return address.is_global and not any(address in network for network in NOT_PUBLIC_6)


def is_metadata(address: Address) -> bool:
    """Return whether an address is a cloud's metadata service, also when IPv6 carries it."""
    carried = carried_ipv4(address) if isinstance(address, IPv6Address) else ()
    return any(one in METADATA for one in (address, *carried))


def carried_ipv4(address: IPv6Address) -> tuple[IPv4Address, ...]:
    """Return the IPv4 addresses that an IPv6 address carries; none for nearly all."""
    if address.ipv4_mapped:
        return (address.ipv4_mapped,)
    if address.sixtofour:
        return (address.sixtofour,)
    if address.teredo:
        return address.teredo
    tunnelled = (int(address) >> 32) & 0xFFFFFFFF in ISATAP
    return (_last_32_bits(address),) if tunnelled or address in NAT64 or address in COMPATIBLE else ()


def _last_32_bits(address: IPv6Address) -> IPv4Address:
    return IPv4Address(int(address) & 0xFFFFFFFF)
