"""To be written."""


def test(request, **kwargs):
    raise NotImplementedError


def run_list(request, **kwargs):
    raise NotImplementedError


def run_detail(request, **kwargs):
    raise NotImplementedError


def run_progress(request, **kwargs):
    raise NotImplementedError


def control(request, **kwargs):
    raise NotImplementedError


def confirm(request, **kwargs):
    raise NotImplementedError


def resolve(request, **kwargs):
    raise NotImplementedError
