"""To be written."""


def queue(request, **kwargs):
    raise NotImplementedError


def approval(request, **kwargs):
    raise NotImplementedError


def submit(request, **kwargs):
    raise NotImplementedError


def withdraw(request, **kwargs):
    raise NotImplementedError


def decide(request, **kwargs):
    raise NotImplementedError


def publish(request, **kwargs):
    raise NotImplementedError


def edit_again(request, **kwargs):
    raise NotImplementedError
