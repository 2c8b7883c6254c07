"""What several routes take."""

from typing import Annotated

from fastapi import Query

from contracts.audit_service import TRAIL, WhoseTrail

Trail = Annotated[WhoseTrail, Query(description=TRAIL)]
