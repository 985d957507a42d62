from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CampaignsConfig(AppConfig):
    name = "campaigns"
    label = "campaigns"
    verbose_name = _("Campaigns")

    def ready(self) -> None:
        from orchcamp.datasets import usage

        from . import kinds, sharing
        from .usage import campaigns_that_use

        sharing.declare()
        usage.register(campaigns_that_use)
        kinds.declare()
