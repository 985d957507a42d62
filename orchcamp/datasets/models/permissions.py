"""Object permissions as rows with a real foreign key: they go when their audience goes."""

from __future__ import annotations

from django.db import models
from guardian.models import GroupObjectPermissionBase, UserObjectPermissionBase

from .audience import Audience


class AudienceUserPermission(UserObjectPermissionBase):
    content_object = models.ForeignKey(Audience, on_delete=models.CASCADE)


class AudienceGroupPermission(GroupObjectPermissionBase):
    content_object = models.ForeignKey(Audience, on_delete=models.CASCADE)
