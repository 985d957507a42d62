"""To be written."""


def explore(request, **kwargs):
    raise NotImplementedError


def rule_editor(request, **kwargs):
    raise NotImplementedError


def rule_values(request, **kwargs):
    raise NotImplementedError


def rule_count(request, **kwargs):
    raise NotImplementedError


def rule_cancel(request, **kwargs):
    raise NotImplementedError


def rule_rows(request, **kwargs):
    raise NotImplementedError


def rule_sql(request, **kwargs):
    raise NotImplementedError
