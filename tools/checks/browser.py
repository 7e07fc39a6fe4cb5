"""The browser for tests: an installed Chromium or Chrome, else one that is installed now."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from apps.kit.user_error import UserError

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
PLAYWRIGHTS = (
    "from playwright.sync_api import sync_playwright as s; p = s().start(); print(p.chromium.executable_path); p.stop()"
)


def browser() -> str:
    """The path of a Chromium, installed if necessary. Raises UserError where that fails."""
    return _present() or _from_debian() or _from_playwright()


def _present() -> str:
    on_path = (shutil.which(name) for name in NAMES)
    return next((found for found in on_path if found), "") or next((one for one in PLACES if Path(one).exists()), "")


def _from_debian() -> str:
    apt = shutil.which("apt-get")
    if os.geteuid() != 0 or not apt:
        return ""
    print("Installing a browser for the tests (chromium)…", flush=True)
    quietly = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for argv in (["update"], ["install", "-y", "--no-install-recommends", "chromium"]):
        done = subprocess.run([apt, "-qq", *argv], check=False, env=quietly, stdout=subprocess.DEVNULL)  # noqa: S603
        if done.returncode:
            return ""
    return _present()


def _from_playwright() -> str:
    where = [sys.executable, "-c", PLAYWRIGHTS]
    path = subprocess.run(where, check=False, capture_output=True, text=True).stdout.strip()  # noqa: S603
    if not Path(path).is_file():
        print("Installing a browser for the tests (playwright's chromium)…", flush=True)
        subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False)
    if not Path(path).is_file():
        raise UserError("the browser tests need Chromium or Chrome, and none could be installed: put one on the PATH")
    return path
