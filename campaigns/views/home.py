"""To be written."""


def home(request, **kwargs):
    raise NotImplementedError
