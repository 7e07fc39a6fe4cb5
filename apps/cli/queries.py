"""The statements of sql/administration/cafe.sql, by their names."""

from typing import Any

import aiosql

from apps.kit.paths import ROOT

queries: Any = aiosql.from_path(ROOT / "sql" / "administration" / "cafe.sql", "asyncpg")
