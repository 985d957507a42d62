"""The addresses of the application."""

from django.urls import path

from .views import approvals, campaigns, canvas, home, messages, nodes, reports, runs, tasks

app_name = "campaigns"

urlpatterns = [
    path("", home.home, name="home"),
    # campaigns
    path("campaigns/", campaigns.campaign_list, name="list"),
    path("campaigns/new", campaigns.create, name="create"),
    path("campaigns/<slug:slug>/properties", campaigns.properties, name="properties"),
    path("campaigns/<slug:slug>/share", campaigns.share, name="share"),
    path("campaigns/<slug:slug>/duplicate", campaigns.duplicate, name="duplicate"),
    path("campaigns/<slug:slug>/delete", campaigns.delete, name="delete"),
    path("campaigns/<slug:slug>/archive", campaigns.archive, name="archive"),
    # canvas
    path("campaigns/<slug:slug>/", canvas.canvas, name="canvas"),
    path("campaigns/<slug:slug>/canvas", canvas.canvas_fragment, name="canvas_fragment"),
    path("campaigns/<slug:slug>/alerts", canvas.alerts, name="alerts"),
    path("campaigns/<slug:slug>/nodes/add", canvas.add_node, name="add_node"),
    path("campaigns/<slug:slug>/edges/add", canvas.connect, name="connect"),
    path("campaigns/<slug:slug>/edges/remove", canvas.disconnect, name="disconnect"),
    path("campaigns/<slug:slug>/nodes/<str:node_id>/", nodes.settings, name="node"),
    path("campaigns/<slug:slug>/nodes/<str:node_id>/remove", canvas.remove_node, name="remove_node"),
    path("campaigns/<slug:slug>/nodes/<str:node_id>/transitions/<str:port>", canvas.transition, name="transition"),
    path("campaigns/<slug:slug>/nodes/<str:node_id>/message", messages.message, name="message"),
    path("campaigns/<slug:slug>/nodes/<str:node_id>/message/body", messages.message_body, name="message_body"),
    path("campaigns/<slug:slug>/nodes/<str:node_id>/message/proof", messages.proof, name="proof"),
    # runs
    path("campaigns/<slug:slug>/test", runs.test, name="test"),
    path("campaigns/<slug:slug>/runs/", runs.run_list, name="runs"),
    path("campaigns/<slug:slug>/runs/<int:run_id>/", runs.run_detail, name="run"),
    path("campaigns/<slug:slug>/runs/<int:run_id>/progress", runs.run_progress, name="run_progress"),
    path("campaigns/<slug:slug>/runs/<int:run_id>/control", runs.control, name="control"),
    path("campaigns/<slug:slug>/runs/<int:run_id>/nodes/<str:node_id>/confirm", runs.confirm, name="confirm"),
    path("campaigns/<slug:slug>/runs/<int:run_id>/doubtful/<int:doubtful_id>", runs.resolve, name="resolve"),
    # approvals and tasks
    path("campaigns/<slug:slug>/submit", approvals.submit, name="submit"),
    path("campaigns/<slug:slug>/withdraw", approvals.withdraw, name="withdraw"),
    path("campaigns/<slug:slug>/publish", approvals.publish, name="publish"),
    path("campaigns/<slug:slug>/edit", approvals.edit_again, name="edit_again"),
    path("approvals/", approvals.queue, name="approvals"),
    path("approvals/<int:approval_id>/", approvals.approval, name="approval"),
    path("approvals/<int:approval_id>/decide", approvals.decide, name="decide"),
    path("tasks/", tasks.task_list, name="tasks"),
    path("campaigns/<slug:slug>/tasks/new", tasks.create_task, name="create_task"),
    path("tasks/<int:task_id>/", tasks.change_task, name="task"),
    # reports
    path("reports/", reports.report_list, name="reports"),
    path("campaigns/<slug:slug>/report/", reports.report, name="report"),
    path("campaigns/<slug:slug>/report.csv", reports.report_csv, name="report_csv"),
]
