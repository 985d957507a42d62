"""To be written."""


def settings(request, **kwargs):
    raise NotImplementedError


def message(request, **kwargs):
    raise NotImplementedError


def message_body(request, **kwargs):
    raise NotImplementedError


def proof(request, **kwargs):
    raise NotImplementedError
