from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DatasetsConfig(AppConfig):
    name = "orchcamp.datasets"
    label = "datasets"
    verbose_name = _("Customer data")

    def ready(self) -> None:
        from . import audiences, predefined, sharing, usage

        sharing.declare()
        usage.register(predefined.filters_that_use)
        usage.register(audiences.audiences_that_use)
