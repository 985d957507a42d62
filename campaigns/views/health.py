"""To be written."""

from django.contrib.auth.decorators import login_not_required


@login_not_required
def health(request, **kwargs):
    raise NotImplementedError
