"""A mail's HTML inside a page: its own document, cut off from ours by sandbox and policy."""

from __future__ import annotations

from django.http import HttpResponse

_POLICY = (
    "default-src 'none'; img-src data: https: http:; style-src 'unsafe-inline'; font-src data:; "
    "frame-ancestors 'self'; base-uri 'none'; form-action 'none'; sandbox"
)


def framed(html: str, *, links: bool = False, status: int = 200) -> HttpResponse:
    """The HTML for a sandboxed iframe: no script, no form, no access to us; links, where allowed, open a new tab."""
    response = HttpResponse(html, status=status)
    response._csp_exempt = True  # type: ignore[attr-defined]  # it has its own, stricter one
    response["Content-Security-Policy"] = _POLICY + (" allow-popups allow-popups-to-escape-sandbox" if links else "")
    response["X-Frame-Options"] = "SAMEORIGIN"
    response["Referrer-Policy"] = "no-referrer"
    response["Cache-Control"] = "no-store"
    return response
