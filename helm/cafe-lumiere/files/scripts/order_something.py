"""`helm test`: places an order by HTTP, reads it back, and cancels it so that nobody makes it."""

import json
import os
import secrets
import ssl
import sys
import urllib.error
import urllib.request
from typing import Any

SECONDS = 10
# the certificate is for the café's public name, and we come by the inner one
CONTEXT = ssl._create_unverified_context()  # noqa: S323, SLF001


def ask(method: str, path: str, body: Any = None) -> Any:
    request = urllib.request.Request(  # noqa: S310 - the address is the chart's own
        os.environ["FRONTEND_URL"] + path,
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/json", "Idempotency-Key": secrets.token_hex(16)},
    )
    # no proxy from the environment: the frontend is a neighbour
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=CONTEXT))
    try:
        with opener.open(request, timeout=SECONDS) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        sys.exit(f"{method} {path.rpartition('/')[0]}/…: {error.code} {error.read(500).decode(errors='replace')}")
    except OSError as error:
        sys.exit(f"{method} {path.rpartition('/')[0]}/…: {error}")


def main() -> None:
    on_offer = [item for item in ask("GET", "/api/menu")["items"] if item["available"]]
    if not on_offer:
        sys.exit("the menu is empty, so nobody can order: fill it, or set database.sampleMenu")
    item = on_offer[0]
    placed = ask("POST", "/api/orders", {"customer_name": "Helm", "items": [{"id": item["id"], "quantity": 1}]})
    path = f"/api/orders/{placed['order_number']}"
    read = ask("GET", path)
    if (read["order_number"], read["status"], read["version"]) != (placed["order_number"], "ordered", 1):
        sys.exit(f"order {placed['pickup_number']} was read back as {read['status']!r}, version {read['version']}")
    cancelled = ask("POST", f"{path}/cancel")
    if (cancelled["status"], ask("GET", path)["status"]) != ("cancelled", "cancelled"):
        sys.exit(f"order {placed['pickup_number']} was not cancelled")
    print(f"ordered {item['name']}, read it back as number {placed['pickup_number']}, and cancelled it")


if __name__ == "__main__":
    main()
