"""The bodies that only the orders service takes."""

from typing import Annotated

from pydantic import StringConstraints

from apps.kit.web.bodies import Body


class SignIn(Body):
    """Either of the two ways in."""

    password: Annotated[str, StringConstraints(max_length=200)] | None = None
    key: Annotated[str, StringConstraints(max_length=1000)] | None = None
