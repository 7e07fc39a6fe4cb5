"""What `cafe up` prints once the café is open."""

import io
import sys
from collections.abc import Sequence
from importlib import import_module

from apps.kit.settings.machine import ANY_ADDRESS, LOOPBACK
from apps.kit.settings.settings import Settings

ORDER = """{"customer_name":"Ana","items":[{"id":1,"quantity":1}]}"""
WHITE_ON_BLACK, PLAIN = "\033[38;5;231;48;5;16m", "\033[0m"


def banner(settings: Settings, addresses: Sequence[str], *, password_is_generated: bool) -> str:
    """`addresses` are this machine's on its network; they are shown where the café listens on them."""
    at = settings.address_of("frontend")
    shared = network_urls(settings, addresses)
    key = import_module("apps.kit.web.tokens").mint_sign_in_key(settings.secret)
    where = f"in {settings.state_dir / 'staff-password'}" if password_is_generated else "the one you set"
    title = "\033[1mCafé Lumière is open.\033[0m" if sys.stdout.isatty() else "Café Lumière is open."
    return f"""
  {title}

    Menu      {at}/
    Kitchen   {at}/kitchen
    Lobby     {at}/display
{_on_the_network(shared, qr=sys.stdout.isatty())}
  Staff sign in here, once (after that, the password is {where}):
    {next(iter(shared), at)}/sign-in?key={key}

  Order from the command line:
    curl -sS {at}/api/orders -H 'Content-Type: application/json' -d '{ORDER}'

  Ctrl-C closes the café; its orders stay.

"""


def network_urls(settings: Settings, addresses: Sequence[str]) -> list[str]:
    """Where phones on the same network find the frontend; none where it listens for this machine alone."""
    if settings.host in LOOPBACK:
        return []
    return [
        settings.url_of("frontend", one) for one in (addresses if settings.host in ANY_ADDRESS else [settings.host])
    ]


def qr_code(url: str, *, colour: bool) -> str:
    """The URL as a QR code of half-block characters, two rows a line."""
    drawn = io.StringIO()
    import_module("segno").make(url, error="l", micro=False).terminal(drawn, compact=True, border=2)
    lines = drawn.getvalue().splitlines()
    return "\n".join(f"    {WHITE_ON_BLACK}{line}{PLAIN}" if colour else f"    {line}" for line in lines)


def _on_the_network(urls: Sequence[str], *, qr: bool) -> str:
    if not urls:
        return ""
    code = f"\n{qr_code(f'{urls[0]}/', colour=True)}\n" if qr else ""
    return "\n  Phones, tablets and TVs on this network:\n" + "".join(f"    {url}/\n" for url in urls) + code
