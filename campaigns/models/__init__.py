"""The application's rows; one concept a module."""

from .approval import Approval
from .campaign import Campaign, CampaignVersion, Folder
from .permissions import (
    CampaignGroupPermission,
    CampaignUserPermission,
    FolderGroupPermission,
    FolderUserPermission,
)
from .run import Batch, Beat, DoubtfulMessage, LogEntry, NodeRun, Run
from .task import Task

__all__ = [
    "Approval",
    "Batch",
    "Beat",
    "Campaign",
    "CampaignGroupPermission",
    "CampaignUserPermission",
    "CampaignVersion",
    "DoubtfulMessage",
    "Folder",
    "FolderGroupPermission",
    "FolderUserPermission",
    "LogEntry",
    "NodeRun",
    "Run",
    "Task",
]
