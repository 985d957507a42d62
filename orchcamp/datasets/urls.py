"""The addresses of customer data and of the rule builder."""

from django.urls import path

from .views import datasets, rules, uploads

app_name = "datasets"

urlpatterns = [
    path("", datasets.dataset_list, name="list"),
    path("upload", uploads.upload_file, name="upload"),
    path("upload/<str:token>", uploads.mapping, name="mapping"),
    path("loads/", datasets.load_list, name="loads"),
    path("loads/<int:load_id>/", datasets.load_detail, name="load"),
    path("loads/<int:load_id>/rejects.csv", datasets.reject_file, name="rejects"),
    path("explore", rules.explore, name="explore"),
    path("rules/edit", rules.rule_editor, name="rule_editor"),
    path("rules/values", rules.rule_values, name="rule_values"),
    path("rules/count", rules.rule_count, name="rule_count"),
    path("rules/count/<str:ticket>/cancel", rules.rule_cancel, name="rule_cancel"),
    path("rules/rows", rules.rule_rows, name="rule_rows"),
    path("rules/sql", rules.rule_sql, name="rule_sql"),
    path("<slug:slug>/", datasets.dataset_detail, name="detail"),
    path("<slug:slug>/columns/<path:name>", datasets.column, name="column"),
]
