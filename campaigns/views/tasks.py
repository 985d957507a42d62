"""To be written."""


def task_list(request, **kwargs):
    raise NotImplementedError


def create_task(request, **kwargs):
    raise NotImplementedError


def change_task(request, **kwargs):
    raise NotImplementedError
