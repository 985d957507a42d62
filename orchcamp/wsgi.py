"""The WSGI entry point that gunicorn serves."""

import gc
import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "orchcamp.settings")
application = get_wsgi_application()
_ = get_resolver().url_patterns  # every view and what it imports: loaded now, not by whoever asks first

# A full collection walks the compiled canvases too, some 300,000 objects: it held single answers up for 200 ms. What
# was loaded until here stays, and the rest is walked less often (docs/performance.md).
gc.freeze()
gc.set_threshold(50_000, 20, 20)
