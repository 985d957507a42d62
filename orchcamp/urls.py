"""The composition root of the addresses."""

from django.contrib import admin
from django.urls import include, path

from campaigns.views.health import health, metrics

handler400 = "orchcamp.web.pages.bad_request"
handler403 = "orchcamp.web.pages.forbidden"
handler404 = "orchcamp.web.pages.not_found"
handler500 = "orchcamp.web.pages.server_error"

urlpatterns = [
    path("health", health, name="health"),
    path("metrics", metrics, name="metrics"),
    path("admin/", admin.site.urls),
    path("", include("orchcamp.accounts.urls")),
    path("data/", include("orchcamp.datasets.urls")),
    path("", include("orchcamp.messaging.urls")),
    path("", include("campaigns.urls")),
]
