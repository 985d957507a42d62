from typing import Any

from django.apps import AppConfig
from django.apps import apps as installed
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


def set_rights(sender: AppConfig, apps: Any = installed, **kwargs: Any) -> None:
    """Django has just made the permissions of one app: give them to the profiles, once their table is there."""
    from . import roles

    if sender.label in roles.APPS and "productprofile" in apps.all_models["accounts"]:
        roles.sync()


class AccountsConfig(AppConfig):
    name = "orchcamp.accounts"
    label = "accounts"
    verbose_name = _("People")

    def ready(self) -> None:
        from . import signing

        post_migrate.connect(set_rights, dispatch_uid="orchcamp.accounts.rights")
        signing.listen()
