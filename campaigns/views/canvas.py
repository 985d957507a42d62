"""To be written."""


def canvas(request, **kwargs):
    raise NotImplementedError


def canvas_fragment(request, **kwargs):
    raise NotImplementedError


def add_node(request, **kwargs):
    raise NotImplementedError


def remove_node(request, **kwargs):
    raise NotImplementedError


def connect(request, **kwargs):
    raise NotImplementedError


def disconnect(request, **kwargs):
    raise NotImplementedError


def alerts(request, **kwargs):
    raise NotImplementedError


def transition(request, **kwargs):
    raise NotImplementedError
