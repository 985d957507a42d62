"""Object permissions as rows with a real foreign key: they go when their campaign goes."""

from __future__ import annotations

from django.db import models
from guardian.models import GroupObjectPermissionBase, UserObjectPermissionBase

from .campaign import Campaign, Folder


class CampaignUserPermission(UserObjectPermissionBase):
    content_object = models.ForeignKey(Campaign, on_delete=models.CASCADE)


class CampaignGroupPermission(GroupObjectPermissionBase):
    content_object = models.ForeignKey(Campaign, on_delete=models.CASCADE)


class FolderUserPermission(UserObjectPermissionBase):
    content_object = models.ForeignKey(Folder, on_delete=models.CASCADE)


class FolderGroupPermission(GroupObjectPermissionBase):
    content_object = models.ForeignKey(Folder, on_delete=models.CASCADE)
