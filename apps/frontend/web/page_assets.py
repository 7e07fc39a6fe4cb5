"""Which script modules a page loads, read from its template's behaviours and the modules' import statements."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from jinja2 import pass_context
from jinja2.runtime import Context
from quart import Quart

from apps.kit.paths import ROOT
from apps.kit.web.assets import digest_of

STATIC = ROOT / "static"
TEMPLATES = ROOT / "templates"
MAIN = "js/main.js"

_IMPORT = re.compile(r"""^(?:import|export)\b[^;"']*["'](\.{1,2}/[^"']+)["']""", re.MULTILINE)
_BEHAVIOUR = re.compile(r"""data-behaviour="([^"{]+)\"""")
_REFERENCE = re.compile(r"""\{%-?\s*(?:extends|include|from|import)\s+"([^"]+)\"""")


def imports_of(module: str) -> Iterator[str]:
    """The modules that `module` imports with a statement, as paths below the static folder."""
    file = STATIC / module
    for match in _IMPORT.finditer(file.read_text()):
        yield str((file.parent / match[1]).resolve().relative_to(STATIC.resolve()))


@cache
def modules_of(template: str) -> tuple[str, ...]:
    """All modules that a page made from `template` loads, main.js first."""
    found: dict[str, None] = {}
    waiting = [MAIN, *(f"js/behaviours/{name}.js" for name in behaviours_of(template))]
    while waiting:
        module = waiting.pop(0)
        if module not in found:
            found[module] = None
            waiting.extend(imports_of(module))
    return tuple(found)


def behaviours_of(template: str) -> list[str]:
    """The behaviours that `template` and the templates it refers to name."""
    text = "".join((TEMPLATES / name).read_text() for name in _templates_of(template))
    return sorted({name for names in _BEHAVIOUR.findall(text) for name in names.split()})


def _templates_of(template: str) -> list[str]:
    found: list[str] = []
    waiting = [template]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.append(name)
            waiting.extend(_REFERENCE.findall(Path(TEMPLATES / name).read_text()))
    return found


def register(app: Quart) -> None:
    """Gives templates `page_modules()`, and `release`, by which open screens notice a new one."""

    @pass_context
    def page_modules(context: Context) -> tuple[str, ...]:
        return modules_of(context.name or "")

    app.jinja_env.globals["page_modules"] = page_modules
    app.jinja_env.globals["release"] = digest_of(STATIC)
