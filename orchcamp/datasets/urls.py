"""The addresses of customer data and of the rule builder."""

from django.urls import include, path

from .views import datasets, expressions, filters, rule_answers, rules, uploads

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
    path("rules/values", rule_answers.rule_values, name="rule_values"),
    path("rules/count", rule_answers.rule_count, name="rule_count"),
    path("rules/count/<str:ticket>/cancel", rule_answers.rule_cancel, name="rule_cancel"),
    path("rules/figures", rule_answers.rule_figures, name="rule_figures"),
    path("rules/rows", rule_answers.rule_rows, name="rule_rows"),
    path("rules/sql", rule_answers.rule_sql, name="rule_sql"),
    path("expressions/editor", expressions.expression_editor, name="expression_editor"),
    path("expressions/fields", expressions.expression_fields, name="expression_fields"),
    path("expressions/check", expressions.expression_check, name="expression_check"),
    path("audiences/", include("orchcamp.datasets.audience_urls")),
    path("filters/", filters.filter_list, name="filters"),
    path("filters/new", filters.filter_create, name="filter_create"),
    path("filters/<slug:slug>/", filters.filter_detail, name="filter"),
    path("filters/<slug:slug>/edit", filters.filter_edit, name="filter_edit"),
    path("filters/<slug:slug>/favourite", filters.filter_favourite, name="filter_favourite"),
    path("filters/<slug:slug>/delete", filters.filter_delete, name="filter_delete"),
    path("<slug:slug>/", datasets.dataset_detail, name="detail"),
    path("<slug:slug>/columns/<path:name>", datasets.column, name="column"),
]
