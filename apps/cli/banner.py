"""What is shown once the café is open."""

import sys
from importlib import import_module

from apps.kit.settings.settings import Settings

ORDER = """{"customer_name":"Ana","items":[{"id":1,"quantity":1}]}"""


def banner(settings: Settings, *, password_is_generated: bool) -> str:
    at = settings.address_of("frontend")
    key = import_module("apps.kit.web.tokens").mint_sign_in_key(settings.secret)
    where = f"in {settings.state_dir / 'staff-password'}" if password_is_generated else "the one you set"
    title = "\033[1mCafé Lumière is open.\033[0m" if sys.stdout.isatty() else "Café Lumière is open."
    return f"""
  {title}

    Menu      {at}/
    Kitchen   {at}/kitchen
    Lobby     {at}/display

  Staff sign in here, once (after that, the password is {where}):
    {at}/sign-in?key={key}

  Order from the command line:
    curl -sS {at}/api/orders -H 'Content-Type: application/json' -d '{ORDER}'

  Ctrl-C closes the café; its orders stay.

"""
