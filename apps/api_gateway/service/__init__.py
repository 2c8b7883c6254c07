"""What the gateway does: let in, pass on, say how everything is, explain."""

from apps.api_gateway.service.documents import Documents
from apps.api_gateway.service.door import Door
from apps.api_gateway.service.health import Health
from apps.api_gateway.service.inquiry import Inquiry
from apps.api_gateway.service.problem_pages import ProblemPages

__all__ = ["Documents", "Door", "Health", "Inquiry", "ProblemPages"]
