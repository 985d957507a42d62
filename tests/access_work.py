"""The lines of the table of addresses for what is planned and worked on together: calendar, tasks, boards, comments."""

from __future__ import annotations

from tests.access_routes import Route

SPRING = {"slug": "campaign"}
RUN = {"slug": "campaign", "run_id": "run"}
NODE = {"slug": "campaign", "node_id": "=mail"}
TASK = {"task_id": "task"}
COMMENT = {"comment_id": "comment"}

WORK = {
    # the calendar; its feed is for whoever has the address
    "campaigns:calendar": Route("see", "-"),
    "campaigns:undated": Route("see", "-"),
    "campaigns:reschedule": Route("see", "make", SPRING, {"by": "1"}),
    "campaigns:subscribe": Route("-", "see", data={"do": "renew"}),
    "campaigns:feed": Route("public", "-"),
    # my work, tasks, boards: a board is for the members of its team and for those who administer
    "campaigns:work": Route("anyone", "-"),
    "campaigns:menu_numbers": Route("anyone", "-"),
    "campaigns:boards": Route("anyone", "-"),
    "campaigns:board": Route("team", "-", {"group_id": "approvers"}),
    "campaigns:tasks": Route("anyone", "-"),
    "campaigns:finish_tasks": Route("-", "anyone", data={"task": "1"}),
    "campaigns:create_task": Route("make", "make", SPRING, {"title": "Look", "priority": "2"}),
    "campaigns:task": Route("see", "-", TASK),
    "campaigns:edit_task": Route("make", "make", TASK, {"title": "Look", "priority": "2", "revision": "0"}),
    "campaigns:move_task": Route("-", "make", TASK, {"status": "done"}),
    "campaigns:take_task": Route("-", "team_member", {"task_id": "team_task"}),
    "campaigns:add_step": Route("-", "make", TASK, {"text": "Look"}),
    "campaigns:change_step": Route("-", "make", TASK | {"item_id": "step"}, {"do": "tick"}),
    # comments: all who see the campaign read, makers write, the author changes
    "campaigns:task_comments": Route("see", "make", TASK, {"text": "Look"}),
    "campaigns:node_comments": Route("see", "make", NODE, {"text": "Look"}),
    "campaigns:version_comments": Route("see", "make", SPRING | {"number": "=2"}, {"text": "Look"}),
    "campaigns:run_comments": Route("see", "make", RUN, {"text": "Look"}),
    "campaigns:people": Route("make", "-", SPRING),
    "campaigns:comment": Route("see", "-", COMMENT),
    "campaigns:edit_comment": Route("author", "author", COMMENT, {"text": "Look"}),
    "campaigns:delete_comment": Route("-", "share", COMMENT),
    "campaigns:resolve_comment": Route("-", "make", COMMENT),
    "campaigns:note_mention": Route("-", "author", {"mention_id": "mention"}),
}
