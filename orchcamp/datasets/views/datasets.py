"""To be written."""


def dataset_list(request, **kwargs):
    raise NotImplementedError


def dataset_detail(request, **kwargs):
    raise NotImplementedError


def column(request, **kwargs):
    raise NotImplementedError


def load_list(request, **kwargs):
    raise NotImplementedError


def load_detail(request, **kwargs):
    raise NotImplementedError


def reject_file(request, **kwargs):
    raise NotImplementedError
