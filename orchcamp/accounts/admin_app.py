"""Django's admin application with our own site."""

from django.contrib.admin.apps import AdminConfig


class AdministrationConfig(AdminConfig):
    default_site = "orchcamp.accounts.administration.Administration"
