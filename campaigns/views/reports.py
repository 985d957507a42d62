"""To be written."""


def report_list(request, **kwargs):
    raise NotImplementedError


def report(request, **kwargs):
    raise NotImplementedError


def report_csv(request, **kwargs):
    raise NotImplementedError
