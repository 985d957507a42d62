"""How forms are drawn: one template for a field, one for a form."""

from __future__ import annotations

from django.forms.renderers import TemplatesSetting


class Renderer(TemplatesSetting):
    """Renders from our templates, so that a project template can replace any of Django's."""

    form_template_name = "components/form.html"
    field_template_name = "components/field.html"
