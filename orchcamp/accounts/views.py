"""To be written."""


def account(request, **kwargs):
    raise NotImplementedError
