"""Which addresses are the public Internet: our lists against Python's, over all of both address spaces."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.web.addresses import (
    GLOBAL_6,
    METADATA,
    NAT64,
    NOT_PUBLIC_4,
    NOT_PUBLIC_6,
    Address,
    is_metadata,
    is_public,
)

EDGES_4 = [IPv4Address(int(edge) + step) for net in NOT_PUBLIC_4 for edge in (net[0], net[-1]) for step in (-1, 0, 1)
           if 0 <= int(edge) + step < 2**32]  # fmt: skip
EDGES_6 = [IPv6Address(int(edge) + step) for net in (*NOT_PUBLIC_6, GLOBAL_6) for edge in (net[0], net[-1])
           for step in (-1, 0, 1)]  # fmt: skip
V4 = st.one_of(st.ip_addresses(v=4), st.sampled_from(EDGES_4))
V6 = st.one_of(
    st.ip_addresses(v=6),
    st.sampled_from(EDGES_6),
    st.integers(0, 2**125 - 1).map(lambda low: IPv6Address(int(GLOBAL_6[0]) + low)),
)


def in_any(address: Address, networks: tuple[IPv4Network, ...] | tuple[IPv6Network, ...]) -> bool:
    return any(address in network for network in networks)


@given(V4)
def test_an_ipv4_address_is_public_when_python_calls_it_global_and_no_list_of_ours_holds_it(address: Address) -> None:
    assert is_public(address) == (
        address.is_global and not address.is_multicast and not in_any(address, NOT_PUBLIC_4) and address not in METADATA
    )


@given(V6)
def test_an_ipv6_address_is_public_when_python_calls_it_global_and_no_list_of_ours_holds_it(
    address: IPv6Address,
) -> None:
    if address in NAT64:
        return  # below
    if is_public(address):
        assert address.is_global
        assert address in GLOBAL_6
        assert not in_any(address, NOT_PUBLIC_6)
    elif address in GLOBAL_6:
        is_isatap = (int(address) >> 32) & 0xFDFFFFFF == 0x5EFE
        assert not address.is_global or in_any(address, NOT_PUBLIC_6) or is_isatap


@given(V4)
def test_behind_nat64_the_carried_address_decides(address: IPv4Address) -> None:
    assert is_public(IPv6Address(int(NAT64[0]) + int(address))) == is_public(address)


@given(V4)
def test_no_other_form_of_ipv6_that_carries_an_ipv4_address_is_public(address: IPv4Address) -> None:
    low = int(address)
    mapped, compatible = IPv6Address((0xFFFF << 32) + low), IPv6Address(low)
    sixtofour = IPv6Address((0x2002 << 112) + (low << 80) + 1)
    teredo = IPv6Address((0x20010000 << 96) + (low << 64) + (low ^ 0xFFFFFFFF))
    isatap = IPv6Address((0x2A00_1450 << 96) + (0x5EFE << 32) + low)
    local_nat64 = IPv6Address((0x64FF9B0001 << 80) + low)

    assert [one for one in (mapped, compatible, sixtofour, teredo, isatap, local_nat64) if is_public(one)] == []


@pytest.mark.parametrize(
    "address",
    [
        *("0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "100.127.255.255", "127.0.0.1", "127.255.255.255"),
        *("169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.192", "192.0.2.1", "192.88.99.1", "192.168.1.1"),
        *("198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255"),
        *("168.63.129.16", "::", "::1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::127.0.0.1", "64:ff9b::7f00:1"),
        *("64:ff9b:1::1", "100::1", "2001::1", "2001:db8::1", "2002:7f00:1::", "3fff::1", "5f00::1", "fc00::1"),
        *("fd00:ec2::254", "fe80::1", "fec0::1", "ff02::1", "2001:2::1", "2001:10::1", "2001:20::1"),
    ],
)  # fmt: skip
def test_an_address_that_is_nobodys_public_place_is_not_public(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize(
    "address",
    [
        *("1.1.1.1", "8.8.8.8", "93.184.216.34", "100.63.255.255", "100.128.0.0", "172.15.255.255", "172.32.0.0"),
        *("2606:4700:4700::1111", "2a00:1450:4001::1", "64:ff9b::808:808"),
    ],
)  # fmt: skip
def test_an_address_of_the_public_internet_is_public(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize(
    "address",
    [
        *("169.254.169.254", "168.63.129.16", "100.100.100.200", "fd00:ec2::254", "::ffff:169.254.169.254"),
        *("::169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::1", "2a00::5efe:a9fe:a9fe"),
    ],
)
def test_a_metadata_service_is_known_in_every_form(address: str) -> None:
    assert is_metadata(ip_address(address))
