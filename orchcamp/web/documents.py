"""Files that people write in JSON or YAML."""

from __future__ import annotations

import yaml


class TextualDates(yaml.SafeLoader):
    """YAML whose dates stay texts, as they are in JSON."""


TextualDates.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
