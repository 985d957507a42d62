"""To be written."""


def upload(request, **kwargs):
    raise NotImplementedError


def mapping(request, **kwargs):
    raise NotImplementedError
