"""To be written."""


def dataset_list(request, **kwargs):
    raise NotImplementedError


def dataset_detail(request, **kwargs):
    raise NotImplementedError


def column(request, **kwargs):
    raise NotImplementedError


def upload(request, **kwargs):
    raise NotImplementedError


def mapping(request, **kwargs):
    raise NotImplementedError


def load_list(request, **kwargs):
    raise NotImplementedError


def load_detail(request, **kwargs):
    raise NotImplementedError


def reject_file(request, **kwargs):
    raise NotImplementedError


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
