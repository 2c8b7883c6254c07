"""The pages of the problem codes."""

import json
from html import escape

from apps.api_gateway.domain.catalogue import FAULTS, Catalogue, Page
from apps.api_gateway.domain.pages.layout import page, prose, table


def index(catalogue: Catalogue) -> str:
    rows = [
        (
            f'<a href="/problems/{escape(each.code)}"><code>{escape(each.code)}</code></a>',
            str(each.status),
            escape(each.fault),
            escape(each.title),
        )
        for each in catalogue.pages
    ]
    intro = (
        "<p>Every error of the platform is an RFC 9457 problem with one of these codes. "
        "<code>fault</code> says whose it is, <code>service</code> where it happened.</p>"
    )
    return page("Problems", intro + table(("code", "status", "fault", "title"), rows))


def single(described: Page) -> str:
    example = json.dumps(described.example(), indent=2, ensure_ascii=False)
    return page(
        described.code,
        f"<p><b>{escape(described.title)}</b> · status {described.status} · "
        f"fault: {escape(FAULTS[described.fault])}</p>"
        f"<h2>What happened</h2><p>{prose(described.happened)}</p>"
        f"<h2>What to do</h2><p>{prose(described.do)}</p>"
        "<p><code>pyat why &lt;trace_id&gt;</code> explains one request.</p>"
        f"<h2>What it looks like</h2><pre>{escape(example, quote=False)}</pre>"
        '<p><a href="/problems">All problems</a></p>',
    )
