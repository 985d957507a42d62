"""The application's rows; one concept a module."""

from .alert import Alert
from .approval import Approval, Decision, Delegation, Requirement
from .campaign import Campaign, CampaignVersion, Folder
from .comment import Comment, Mention
from .desk import CalendarFeed, ListLayout, SavedView, SearchEntry
from .file import CampaignFile, RunFile
from .following import Following
from .history import CanvasStep, Presence
from .launch import Launch
from .memory import NodeMemory
from .operations import Installation, Notice, RemovedCampaign
from .permissions import (
    CampaignGroupPermission,
    CampaignUserPermission,
    FolderGroupPermission,
    FolderUserPermission,
)
from .policy import ApprovalPolicy, PolicyStage
from .question import Answer, Question
from .run import Batch, Beat, DoubtfulMessage, LogEntry, NodeRun, Run
from .sealed import SealedPlan
from .signal import Signal
from .task import ChecklistItem, Task
from .template import CampaignTemplate

__all__ = [
    "Alert",
    "Answer",
    "Approval",
    "ApprovalPolicy",
    "Batch",
    "Beat",
    "CalendarFeed",
    "Campaign",
    "CampaignFile",
    "CampaignGroupPermission",
    "CampaignTemplate",
    "CampaignUserPermission",
    "CampaignVersion",
    "CanvasStep",
    "ChecklistItem",
    "Comment",
    "Decision",
    "Delegation",
    "DoubtfulMessage",
    "Folder",
    "FolderGroupPermission",
    "FolderUserPermission",
    "Following",
    "Installation",
    "Launch",
    "ListLayout",
    "LogEntry",
    "Mention",
    "NodeMemory",
    "NodeRun",
    "Notice",
    "PolicyStage",
    "Presence",
    "Question",
    "RemovedCampaign",
    "Requirement",
    "Run",
    "RunFile",
    "SavedView",
    "SealedPlan",
    "SearchEntry",
    "Signal",
    "Task",
]
