"""A search over the newest version of every base."""

from sqlalchemy import text

from chassis import Read
from contracts.schema_service import Found, SearchQuery


class SearchStore:
    async def search(self, read: Read, asked: SearchQuery, limit: int) -> list[Found]:
        """Things of the newest versions whose name or description has every word, those with the best names first."""
        words = [f"%{_escaped(word)}%" for word in asked.q.split()] or [f"%{_escaped(asked.q)}%"]
        values = {
            "tenant": read.tenant,
            "base": asked.base,
            "what": asked.what,
            "words": words,
            "exact": asked.q.strip(),
            "start": f"{_escaped(asked.q.strip())}%",
            "limit": limit,
            "offset": asked.cursor,
        }
        rows = await read.execute(text(_SEARCH), values)
        return [Found.model_validate(dict(row)) for row in rows.mappings()]


# In PostgreSQL and not here: the snapshots of a hundred bases are megabytes.
_SEARCH = """
    WITH newest AS (
        SELECT DISTINCT ON (base) base, version, tables FROM snapshots
        WHERE tenant = :tenant AND (base = cast(:base AS text) OR cast(:base AS text) IS NULL)
        ORDER BY base, version DESC
    ), things AS (
        SELECT base, version, 'table' AS what, t AS of, t AS thing FROM newest, jsonb_array_elements(tables) t
        UNION ALL
        SELECT base, version, 'field', t, f
        FROM newest, jsonb_array_elements(tables) t, jsonb_array_elements(t -> 'fields') f
        UNION ALL
        SELECT base, version, 'view', t, v
        FROM newest, jsonb_array_elements(tables) t, jsonb_array_elements(t -> 'views') v
    ), named AS (
        SELECT base, version, what, of ->> 'id' AS table_id, of ->> 'name' AS "table", thing ->> 'id' AS id,
            thing ->> 'name' AS name, thing ->> 'type' AS type, thing ->> 'description' AS description
        FROM things WHERE what = cast(:what AS text) OR cast(:what AS text) IS NULL
    )
    SELECT * FROM named WHERE concat_ws(' ', name, description) ILIKE ALL (cast(:words AS text[]))
    ORDER BY lower(name) = lower(:exact) DESC, name ILIKE :start DESC, name ILIKE ALL (cast(:words AS text[])) DESC,
        base, "table", what <> 'table', name, id
    LIMIT :limit OFFSET :offset
"""


def _escaped(word: str) -> str:
    """As a part of a pattern that stands for itself."""
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
