"""The pages that people look at."""

from quart import Quart, Response, render_template, request

from apps.frontend.streams.lookup import Lookup
from apps.frontend.web import page_assets
from apps.kit.errors import ApiError, SignInNeeded
from apps.kit.web.access import EVERYONE, allow, caller
from apps.kit.web.problems import document, respond


def _wants_page() -> bool:
    return request.accept_mimetypes.best == "text/html" and not request.path.startswith(("/api", "/static"))


async def _page(name: str, code: int = 200, **words: object) -> Response:
    return Response(await render_template(name, **words), status=code, content_type="text/html; charset=utf-8")


def register(app: Quart, lookup: Lookup) -> None:
    """Adds the routes to `app`, and lets a browser that asks for a page see errors as one."""
    page_assets.register(app)

    @app.get("/")
    @allow(EVERYONE)
    async def menu_page() -> Response:
        return await _page("menu.html")

    @app.get("/orders/<number>")
    @allow(EVERYONE)
    async def order_page(number: str) -> Response:
        entry = await lookup.order(number)
        page = await _page(
            "order.html",
            order_number=entry.order_number,
            pickup_number=entry.pickup_number,
            currency=lookup.live.menu.currency if lookup.live.menu else None,
        )
        page.headers["Referrer-Policy"] = "no-referrer"  # the address is the customer's key to the order
        return page

    @app.get("/kitchen")
    @allow(EVERYONE)
    async def kitchen_page() -> Response:
        if caller() is None:
            return Response(b"", status=303, headers={"Location": "/sign-in?next=/kitchen"})
        return await _page("kitchen.html")

    @app.get("/display")
    @allow(EVERYONE)
    async def display_page() -> Response:
        return await _page("display.html")

    @app.errorhandler(ApiError)
    async def friendly(error: ApiError) -> Response:
        if not _wants_page() or isinstance(error, SignInNeeded):
            return respond(error)
        problem = document(error, request.path)
        page = await _page("error.html", error.status, **{key: problem[key] for key in ("status", "title", "detail")})
        page.headers.update(error.headers)
        return page
