"""Every page that lists rows: who measures them and who counts their queries asks for the same."""

from __future__ import annotations

from tests.crowd import BUSY

ONE = f"/campaigns/{BUSY}"
PAGES = {
    "home": "/",
    "campaigns": "/campaigns/?status=all",
    "campaigns, a tab": "/campaigns/?status=live",
    "campaigns, searched": "/campaigns/?q=spring",
    "campaigns, filtered": "/campaigns/?tag=tag1&since=2020-01-01&starred=0&failed=1",
    "campaigns, by name": "/campaigns/?sort=name",
    "campaigns, by last run": "/campaigns/?sort=-last_run",
    "campaigns, page 20": "/campaigns/?page=20",
    "folders": "/campaigns/folders",
    "templates": "/campaigns/templates/",
    "calendar": "/calendar/",
    "calendar, filtered": "/calendar/?tag=tag1",
    "approvals": "/approvals/",
    "tasks": "/tasks/",
    "all tasks": "/tasks/?whose=all",
    "tasks of a campaign": f"/tasks/?campaign={BUSY}",
    "search": "/search?q=spring",
    "notifications": "/notifications",
    "runs": f"{ONE}/runs/",
    "versions": f"{ONE}/versions",
    "log": f"{ONE}/log",
    "log, steps": f"{ONE}/log?tab=steps",
    "signals": f"{ONE}/signals",
    "reports": "/reports/",
    "report of a campaign": f"{ONE}/report/",
    "audiences": "/data/audiences/",
    "filters": "/data/filters/",
    "datasets": "/data/",
    "loads": "/data/loads/",
    "channels": "/channels/",
    "suppression": "/channels/suppression/",
    "seeds": "/channels/seeds/",
    "admin: people": "/admin/accounts/user/",
    "admin: profiles": "/admin/accounts/productprofile/",
    "admin: audit": "/admin/accounts/auditentry/",
    "admin: tokens": "/admin/accounts/apitoken/",
    "admin: connections": "/admin/messaging/connection/",
}
MOST_QUERIES, MOST_MS = 12, 100
