"""Checks that the ports are free, before anything is started."""

import errno
import socket

from apps.kit.settings.environment import variable
from apps.kit.settings.recipients import SERVICES
from apps.kit.settings.settings import Settings
from apps.kit.user_error import UserError


def check_ports(settings: Settings) -> None:
    """Raise UserError with a line for each port that cannot be had, and which setting changes it."""
    ports = [settings.port_of(service) for service in SERVICES]
    faults = [fault for service in SERVICES if (fault := _fault(settings, service))]
    faults += [
        f"port {port} is given to two services: change one" for port in sorted(set(ports)) if ports.count(port) > 1
    ]
    if faults:
        raise UserError("\n".join(faults))


def _fault(settings: Settings, service: str) -> str:
    port, name = settings.port_of(service), variable(f"{service}_port")
    if _answers(settings.host, port):
        return _in_use(port, name)
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(settings.host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        match error.errno:
            case errno.EADDRINUSE:
                return _in_use(port, name)
            case errno.EACCES:
                return f"port {port} is for the administrator only: choose one above 1023 with {name}"
            case _:
                return (
                    f"cannot listen on {settings.host} ({error.strerror}): set CAFE_HOST to an address of this machine"
                )
    return ""


def _in_use(port: int, name: str) -> str:
    airplay = " (on a Mac it is usually the AirPlay Receiver: System Settings, General, AirDrop & Handoff)"
    whose = airplay if port == 5000 else " (perhaps another café)"
    return f"port {port} is in use by another program{whose}: stop that one, or choose another port with {name}"


def _answers(host: str, port: int) -> bool:
    """macOS lets us bind a port that AirPlay listens on, so a successful bind does not prove that it is free."""
    try:
        with socket.create_connection(({"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host), port), timeout=0.5):
            return True
    except OSError:
        return False
