"""To be written."""


def channel_list(request, **kwargs):
    raise NotImplementedError


def channel_edit(request, **kwargs):
    raise NotImplementedError


def channel_check(request, **kwargs):
    raise NotImplementedError


def suppression_list(request, **kwargs):
    raise NotImplementedError


def suppression_remove(request, **kwargs):
    raise NotImplementedError


def seed_list(request, **kwargs):
    raise NotImplementedError


def open_pixel(request, **kwargs):
    raise NotImplementedError


def click(request, **kwargs):
    raise NotImplementedError


def unsubscribe(request, **kwargs):
    raise NotImplementedError


def delivered_list(request, **kwargs):
    raise NotImplementedError


def delivered_mail(request, **kwargs):
    raise NotImplementedError


def delivered_body(request, **kwargs):
    raise NotImplementedError
