"""The parameters that several routes take."""

from typing import Annotated

from fastapi import Path, Query

from contracts.schema_service import BASE_ID, Which

BaseId = Annotated[str, Path(pattern=BASE_ID)]
At = Annotated[Which, Query()]
