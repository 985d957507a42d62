"""The condition that something is shared with a person or one of their groups, as one piece of SQL.

django-guardian answers the same by some twenty nested querysets, and a page asks often: building those took far longer
than the database did to answer them (docs/adr/0030-conditions-of-reach.md).
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.db import models

RIGHT = (
    "(SELECT p.id FROM auth_permission p JOIN django_content_type c ON c.id = p.content_type_id"
    " WHERE c.app_label = %s AND c.model = %s AND p.codename = %s)"
)


class Shared(models.Func):
    """Whether what a field names is among the objects that are shared with a person for one right.

    ``people`` and ``groups`` are their tables of object permissions. Objects that lie in each other by a field
    ``parent`` are shared with what they lie in, down to ``deep`` levels in all.
    """

    output_field = models.BooleanField()

    def __init__(
        self,
        field: str,
        *,
        user: Any,
        permission: str,
        people: type[models.Model],
        groups: type[models.Model],
        deep: int = 1,
    ):
        super().__init__(models.F(field))
        self.user, self.permission = user.pk, permission
        self.people, self.groups, self.deep = people, groups, deep

    def as_sql(self, compiler: Any, connection: Any, **_extra: Any) -> tuple[str, list[Any]]:  # type: ignore[override]
        field, params = compiler.compile(self.source_expressions[0])
        rows, known = self._rows(connection.ops.quote_name)
        return f"{field} IN ({rows})", [*params, *known]

    def _rows(self, quote: Any) -> tuple[str, list[Any]]:
        """The keys of what is shared: a subquery that names nothing outside itself, so it is answered once."""
        subject = self.people._meta.get_field("content_object").related_model._meta
        memberships = get_user_model().groups.through._meta.db_table  # type: ignore[attr-defined]
        right = [subject.app_label, subject.model_name, self.permission.partition(".")[2]]
        rows = (
            f"SELECT content_object_id FROM {quote(self.people._meta.db_table)}"  # noqa: S608 - names of tables
            f" WHERE user_id = %s AND permission_id = {RIGHT}"
            f" UNION ALL SELECT content_object_id FROM {quote(self.groups._meta.db_table)}"
            f" WHERE group_id IN (SELECT group_id FROM {quote(memberships)} WHERE user_id = %s)"
            f" AND permission_id = {RIGHT}"
        )
        params = [self.user, *right, self.user, *right]
        if self.deep == 1:
            return rows, params
        nested = (
            f"WITH RECURSIVE opened(id, deep) AS (SELECT content_object_id, 1 FROM ({rows}) shared"  # noqa: S608
            f" UNION SELECT f.id, o.deep + 1 FROM {quote(subject.db_table)} f JOIN opened o ON f.parent_id = o.id"
            f" WHERE o.deep < %s) SELECT id FROM opened"
        )
        return nested, [*params, self.deep]
