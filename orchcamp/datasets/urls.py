"""The addresses of customer data and of the rule builder."""

from django.urls import path

from . import views

app_name = "datasets"

urlpatterns = [
    path("", views.dataset_list, name="list"),
    path("upload", views.upload, name="upload"),
    path("upload/<str:token>", views.mapping, name="mapping"),
    path("loads/", views.load_list, name="loads"),
    path("loads/<int:load_id>/", views.load_detail, name="load"),
    path("loads/<int:load_id>/rejects.csv", views.reject_file, name="rejects"),
    path("explore", views.explore, name="explore"),
    path("rules/edit", views.rule_editor, name="rule_editor"),
    path("rules/values", views.rule_values, name="rule_values"),
    path("rules/count", views.rule_count, name="rule_count"),
    path("rules/count/<str:ticket>/cancel", views.rule_cancel, name="rule_cancel"),
    path("rules/rows", views.rule_rows, name="rule_rows"),
    path("rules/sql", views.rule_sql, name="rule_sql"),
    path("<slug:slug>/", views.dataset_detail, name="detail"),
    path("<slug:slug>/columns/<str:name>", views.column, name="column"),
]
