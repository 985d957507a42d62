"""What a line of the table of addresses says, and the lines of people, customer data and channels."""

from __future__ import annotations

from dataclasses import dataclass, field

PERSON = {"person_id": "person"}
FILTER = {"slug": "filter"}


@dataclass(frozen=True)
class Route:
    get: str
    post: str
    names: dict[str, str] = field(default_factory=dict)  # argument of the address -> thing of the stage, or "=text"
    data: dict[str, str] = field(default_factory=dict)  # what is posted
    absent: bool = False  # the thing it names does not exist: those with the right get "not found"


ACCOUNTS = {
    # signing in and one's own account
    "accounts:login": Route("public", "public"),
    "accounts:second_factor": Route("public", "public"),  # who has not shown the first is led to begin
    "accounts:sso": Route("-", "public"),
    "accounts:sso_callback": Route("public", "-"),
    "accounts:set_password": Route("public", "public", {"uidb64": "=MQ", "token": "=forged"}),
    "accounts:logout": Route("-", "anyone"),
    "accounts:account": Route("anyone", "anyone"),
    "accounts:make_token": Route("-", "anyone", data={"name": "Till", "days": "30"}),
    "accounts:revoke_token": Route("-", "author", {"token_id": "token"}),
    "accounts:two_factor": Route("anyone", "anyone"),
    "accounts:change_two_factor": Route("-", "anyone", data={"do": "off", "proof": "wrong"}),
    "accounts:end_own_sessions": Route("-", "anyone"),
    # what one is told: each their own; the notification of the stage is that of another
    "accounts:notifications": Route("anyone", "-"),
    "accounts:bell": Route("anyone", "-"),
    "accounts:unread": Route("anyone", "-"),
    "accounts:read_notifications": Route("-", "anyone"),
    "accounts:open_notification": Route("author", "-", {"notification_id": "notification"}),
    "accounts:read_notification": Route("-", "author", {"notification_id": "notification"}),
    "accounts:notification_preferences": Route("anyone", "anyone"),
    # how others sign in, and looking as them
    "accounts:person": Route("administer", "-", PERSON),
    "accounts:end_sessions": Route("-", "administer", PERSON),
    "accounts:reset_second_factor": Route("-", "administer", PERSON),
    "accounts:one_time_link": Route("-", "administer", PERSON),
    "accounts:look": Route("-", "administer", PERSON),
    "accounts:end_looking": Route("-", "anyone"),
}

DATA = {
    # customer data
    "datasets:list": Route("make", "-"),
    "datasets:detail": Route("make", "-", {"slug": "=people"}),
    "datasets:column": Route("make", "-", {"slug": "=people", "name": "=city"}),
    "datasets:upload": Route("administer", "administer"),
    "datasets:mapping": Route("administer", "administer", {"token": "=0000"}, absent=True),
    "datasets:loads": Route("make", "-"),
    "datasets:load": Route("make", "-", {"load_id": "load"}),
    "datasets:rejects": Route("make", "-", {"load_id": "load"}),
    # rules
    "datasets:explore": Route("make", "-"),
    "datasets:rule_editor": Route("-", "make"),
    "datasets:rule_values": Route("make", "-"),
    "datasets:rule_count": Route("-", "make"),
    "datasets:rule_cancel": Route("-", "make", {"ticket": "=t1"}),
    "datasets:rule_rows": Route("-", "make"),
    "datasets:rule_sql": Route("-", "make"),
    "datasets:rule_figures": Route("-", "make"),
    "datasets:expression_editor": Route("-", "make"),
    "datasets:expression_fields": Route("-", "make"),
    "datasets:expression_check": Route("-", "make"),
    # saved audiences
    "datasets:audiences": Route("make", "-"),
    "datasets:audience_create": Route("make", "make"),
    "datasets:audience_upload": Route("make", "make"),
    "datasets:audience_mapping": Route("make", "make", {"token": "=0000"}),
    "datasets:audience": Route("make", "-", {"slug": "=quokkas"}),
    "datasets:audience_edit": Route("make", "make", {"slug": "=quokkas"}),
    "datasets:audience_refresh": Route("-", "make", {"slug": "=quokkas"}),
    "datasets:audience_members": Route("make", "-", {"slug": "=quokkas"}),
    "datasets:audience_change": Route("make", "-", {"slug": "=quokkas", "number": "=1"}),
    "datasets:audience_unmatched": Route("make", "-", {"slug": "=quokkas", "number": "=1"}, absent=True),
    "datasets:audience_export": Route("-", "make", {"slug": "=quokkas"}, {"format": "csv"}),
    "datasets:audience_share": Route("-", "share", {"slug": "=quokkas"}),
    "datasets:audience_delete": Route("make", "make", {"slug": "=quokkas"}),
    # predefined filters
    "datasets:filters": Route("make", "-"),
    "datasets:filter": Route("make", "-", FILTER),
    "datasets:filter_create": Route("make", "make"),
    "datasets:filter_edit": Route("share", "share", FILTER),
    "datasets:filter_delete": Route("share", "share", FILTER),
    "datasets:filter_favourite": Route("-", "make", FILTER),
    # channels
    "messaging:channels": Route("make", "-"),
    "messaging:channel_create": Route("administer", "administer"),
    "messaging:channel": Route("make", "administer", {"slug": "=newsletter"}),
    "messaging:channel_check": Route("-", "administer", {"slug": "=newsletter"}),
    "messaging:suppression": Route("administer", "administer"),
    "messaging:suppression_remove": Route("-", "administer", {"entry_id": "suppression"}),
    "messaging:seeds": Route("make", "make"),
    # what recipients follow: a forged token reaches nothing, and nobody is asked to sign in
    "messaging:open": Route("public", "-", {"token": "=forged"}),
    "messaging:click": Route("public", "-", {"token": "=forged"}),
    "messaging:unsubscribe": Route("public", "public", {"token": "=forged"}),
    # the demo's mailbox
    "messaging:delivered": Route("make", "-"),
    "messaging:delivered_mail": Route("make", "-", {"mail_id": "=none"}, absent=True),
    "messaging:delivered_body": Route("make", "-", {"mail_id": "=none"}, absent=True),
}
