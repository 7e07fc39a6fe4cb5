"""The state folder: generated secrets and the embedded database, locked while a café uses it."""

import fcntl
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from apps.kit.settings.settings import Settings
from apps.kit.user_error import UserError

CONSONANTS, VOWELS = "bdfghjklmnprstvz", "aeiou"


class StateFolderError(UserError):
    """The state folder cannot be used."""


def make(folder: Path) -> None:
    """Creates the folder, mode 0700; for root 0711, because PostgreSQL runs as another user in it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if folder.stat().st_uid == os.geteuid():
            folder.chmod(0o711 if os.geteuid() == 0 else 0o700)
        if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
            raise PermissionError(13, "it belongs to another user")
    except OSError as error:
        raise StateFolderError(
            f"cannot use {folder} ({error.strerror}): set CAFE_STATE_DIR to a folder of yours"
        ) from None


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Holds the folder's lock (flock(2)) while the block runs; the kernel releases it when the process ends."""
    make(folder)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StateFolderError(
                f"a café is already running on {folder}: stop it, or give this one its own CAFE_STATE_DIR"
            ) from None
        yield


def write_private(path: Path, text: str) -> None:
    """Writes a file atomically, mode 0600."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text + "\n")
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def generated_once(path: Path, generate: Callable[[], str]) -> str:
    if not path.exists() or not path.read_text().strip():
        write_private(path, generate())
    return path.read_text().strip()


def pronounceable() -> str:
    """A password of five words of two syllables, such as bako-lumi-teno-rasu-vipe: 63 random bits."""
    words = ("".join(secrets.choice(CONSONANTS) + secrets.choice(VOWELS) for _ in range(2)) for _ in range(5))
    return "-".join(words)


def with_secret(settings: Settings) -> Settings:
    """Settings with a signing key: where none is set, the one generated in the state folder."""
    if settings.secret:
        return settings
    make(settings.state_dir)
    return replace(settings, secret=generated_once(settings.state_dir / "secret", lambda: secrets.token_urlsafe(48)))


def with_password(settings: Settings) -> Settings:
    """Settings with a staff password: where none is set, the one generated in the state folder."""
    if settings.staff_password:
        return settings
    make(settings.state_dir)
    return replace(settings, staff_password=generated_once(settings.state_dir / "staff-password", pronounceable))
