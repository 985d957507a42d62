"""To be written."""


def campaign_list(request, **kwargs):
    raise NotImplementedError


def create(request, **kwargs):
    raise NotImplementedError


def properties(request, **kwargs):
    raise NotImplementedError


def duplicate(request, **kwargs):
    raise NotImplementedError


def delete(request, **kwargs):
    raise NotImplementedError


def archive(request, **kwargs):
    raise NotImplementedError
