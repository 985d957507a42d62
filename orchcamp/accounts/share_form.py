"""With whom something is to be shared, and how far."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.models import Group
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from . import sharing
from .models import User


class ShareForm(forms.Form):
    """A person or a group, and a level of what is shared."""

    subject = forms.ChoiceField(label=gettext_lazy("Person or group"))
    level = forms.ChoiceField(label=gettext_lazy("They may"))

    def __init__(self, *args: Any, obj: Any, **kwargs: Any):
        super().__init__(*args, auto_id="id_share_%s", **kwargs)
        self.kind = sharing.kind_of(obj)
        people = User.objects.filter(is_active=True).exclude(pk=obj.owner_id).order_by("first_name", "username")
        self.subjects: dict[str, User | Group] = {f"person-{person.pk}": person for person in people}
        self.subjects |= {f"group-{group.pk}": group for group in Group.objects.order_by("name")}
        self.fields["subject"].choices = [
            ("", _("Choose…")),
            (_("People"), [(key, str(one)) for key, one in self.subjects.items() if key.startswith("person")]),
            (_("Groups"), [(key, str(one)) for key, one in self.subjects.items() if key.startswith("group")]),
        ]
        self.fields["level"].choices = [(level.slug, level.label) for level in self.kind.levels]

    def clean_subject(self) -> User | Group:
        return self.subjects[self.cleaned_data["subject"]]

    def clean_level(self) -> sharing.Level:
        return self.kind.level(self.cleaned_data["level"])
