"""What recipients follow: public, without a session, and firm against whatever a stranger puts in an address."""

from __future__ import annotations

import base64

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from orchcamp.datasets import engine
from orchcamp.messaging import consent, plan, tracking
from orchcamp.messaging.models import Delivery, TrackingEvent
from orchcamp.messaging.tracking import Token

PIXEL = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
K = TrackingEvent.Kind


@login_not_required
@require_safe
@never_cache
def open_pixel(request: HttpRequest, token: str) -> HttpResponse:
    """The invisible picture: somebody opened the message."""
    found = tracking.read(tracking.OPEN, token)
    if found is None:
        return HttpResponse(status=404)
    _keep(request, found, K.OPEN)
    return HttpResponse(PIXEL, content_type="image/gif")


@login_not_required
@require_safe
@never_cache
def click(request: HttpRequest, token: str) -> HttpResponse:
    """On to where the link leads; only to where we wrote that it leads."""
    url = request.GET.get("u", "")
    found = tracking.read(tracking.CLICK, token, url)
    if found is None:
        return render(request, "messaging/link_broken.html", status=404)
    _keep(request, found, K.CLICK, url)
    return HttpResponseRedirect(url)


def _keep(request: HttpRequest, token: Token, kind: str, url: str = "") -> None:
    """Append what happened; of a delivery that is gone, or a mere look by HEAD, nothing."""
    if request.method != "HEAD" and Delivery.objects.filter(pk=token.delivery).exists():
        agent = request.headers.get("User-Agent", "").replace("\x00", "")[:200]
        TrackingEvent.objects.create(
            delivery_id=token.delivery, message_id=token.message_id, kind=kind, url=url, agent=agent
        )


@csrf_exempt  # RFC 8058: the mail program posts, without a page of ours before it; the token is the secret
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """Ask once (GET), or do it (POST); twice is once. Mail scanners that only look change nothing."""
    found = tracking.read(tracking.UNSUBSCRIBE, token)
    if found is None:
        return render(request, "messaging/link_broken.html", status=404)
    delivery = Delivery.objects.select_related("configuration").filter(pk=found.delivery).first()
    address = _address(delivery, found)
    context = {"address": address, "proof": found.delivery == 0, "delivery": delivery}
    if not address:
        return render(request, "messaging/unsubscribe.html", context, status=200 if context["proof"] else 410)
    if request.method == "POST":
        source = "one-click" if "List-Unsubscribe" in request.POST else "unsubscribe link"
        if consent.say(delivery.channel, address, granted=False, source=source, delivery=delivery):
            _keep(request, found, K.UNSUBSCRIBE)
        context["done"] = True
    return render(request, "messaging/unsubscribe.html", context)


def _address(delivery: Delivery | None, token: Token) -> str:
    """To whom the message went; nothing when its plan has been cleared away."""
    if delivery is None or not engine.exists(delivery.plan):
        return ""
    row = plan.find(delivery.plan, token.message_id)
    return row["address"] if row else ""
