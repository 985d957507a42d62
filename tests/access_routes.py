"""What a line of the table of addresses says, and the lines of people: signing in, one's account, how others sign in."""

from __future__ import annotations

from dataclasses import dataclass, field

PERSON = {"person_id": "person"}


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
