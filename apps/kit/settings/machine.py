"""The addresses under which other machines of the network reach this one."""

import fcntl
import ipaddress
import socket
import struct
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

# RFC 5737: reserved for documentation. Connecting a datagram socket sends nothing: the kernel only picks our address.
BEYOND_THE_ROUTER = ("192.0.2.1", 9)
SIOCGIFADDR = 0x8915  # netdevice(7)
ANY_ADDRESS = frozenset({"0.0.0.0", "::"})
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


def network_addresses() -> list[str]:
    """IPv4 addresses of this machine, the default route's first; none where there is no network."""
    found = dict.fromkeys([*_of_the_default_route(), *_of_network_cards()])
    return [address for address in found if reachable(address)]


def reachable(address: str) -> bool:
    """Whether other machines can mean this one by it."""
    parsed = ipaddress.ip_address(address)
    return not (parsed.is_loopback or parsed.is_unspecified or parsed.is_link_local)


def _of_the_default_route() -> Iterator[str]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe, suppress(OSError):
        probe.connect(BEYOND_THE_ROUTER)
        yield str(probe.getsockname()[0])


def _of_network_cards() -> Iterator[str]:
    """On Linux, of what has a device: bridges of container engines have none, and lead nowhere from outside."""
    for card in sorted(Path("/sys/class/net").glob("*/device")):
        request = struct.pack("256s", card.parent.name.encode()[:15])
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe, suppress(OSError):
            yield socket.inet_ntoa(fcntl.ioctl(probe, SIOCGIFADDR, request)[20:24])
