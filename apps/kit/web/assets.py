"""Static files under URLs that contain a digest of their content, so that browsers may cache them for ever."""

import hashlib
from pathlib import Path

from quart import Quart, Response, send_from_directory

from apps.kit.errors import NotFound
from apps.kit.web.access import EVERYONE, allow

FOR_EVER = "public, max-age=31536000, immutable"


def digest_of(folder: Path) -> str:
    """One digest over all files, their names and content; 16 hexadecimal digits."""
    digest = hashlib.sha256()
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        digest.update(str(file.relative_to(folder)).encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def serve_assets(app: Quart, folder: Path) -> None:
    """Serves `folder` at /static/<digest>/ and gives templates `asset(path)`; an old digest gets the present file."""
    present = digest_of(folder)

    @app.get("/static/<digest>/<path:name>")
    @allow(EVERYONE)
    async def static_file(digest: str, name: str) -> Response:
        if not (folder / name).is_file():
            raise NotFound
        response = await send_from_directory(folder, name)
        response.headers["Cache-Control"] = FOR_EVER if digest == present else "no-cache"
        return response

    @app.get("/favicon.ico")
    @allow(EVERYONE)
    async def favicon() -> Response:
        return await static_file("", "img/favicon.svg")

    app.jinja_env.globals["asset"] = lambda name: f"/static/{present}/{name}"
