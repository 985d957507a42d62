"""What settings forms may offer from the control plane; activities themselves never query."""

from __future__ import annotations

from orchcamp.datasets.models import Dataset
from orchcamp.messaging.models import ChannelConfiguration


def choices() -> dict[str, list[tuple[str, str]]]:
    """The choices of a ``Scope``: channel configurations and targeting dimensions, as (slug, label)."""
    return {
        "configurations": [
            (configuration.slug, configuration.label)
            for configuration in ChannelConfiguration.objects.filter(active=True)
        ],
        "dimensions": [(dataset.slug, dataset.label) for dataset in Dataset.objects.all() if dataset.is_dimension],
    }
