"""HTTP in: the streaming proxy for everything that is routed, and the gateway's own few routes."""

from apps.api_gateway.routes import own
from apps.api_gateway.routes.frontage import Frontage
from apps.api_gateway.routes.proxy import Proxy
from apps.api_gateway.routes.refusal import Refusal
from apps.api_gateway.routes.shortcut import Shortcut

routers = [own.router]

__all__ = ["Frontage", "Proxy", "Refusal", "Shortcut", "routers"]
