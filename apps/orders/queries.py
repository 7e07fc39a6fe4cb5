"""The statements of sql/queries, by their names."""

from typing import Any

import aiosql

from apps.kit.paths import ROOT
from apps.kit.telemetry import tracing

QUERIES = ROOT / "sql" / "queries"
queries: Any = aiosql.from_path(QUERIES, "asyncpg")

tracing.name_statements(
    {getattr(queries, name).sql: name for name in queries.available_queries if hasattr(getattr(queries, name), "sql")}
)
