"""Places on the globe."""

from __future__ import annotations

import math

import ibis
from django.utils.translation import gettext_lazy as _
from ibis.expr.types import Value

from ..building import Building, constant, nothing
from ..registry import function
from .numbers import rounded

RADIUS = 6371.0088  # kilometres: the mean of the Earth's


def _rad(degrees: Value) -> Value:
    return degrees * constant(math.pi / 180, "float")


@function(
    "Distance", "geo",
    [("longitudeA", "float"), ("latitudeA", "float"), ("longitudeB", "float"), ("latitudeB", "float")], "float",
    _("Kilometres between two points given in degrees, over the globe's surface, to the metre; null off the globe."),
    "Distance(2.3522, 48.8566, 4.8357, 45.764)", 391.499,
)  # fmt: skip
def distance(building: Building, lon_a: Value, lat_a: Value, lon_b: Value, lat_b: Value) -> Value:
    lon_a, lat_a, lon_b, lat_b = (building.keep(value) for value in (lon_a, lat_a, lon_b, lat_b))
    two = constant(2.0, "float")
    north, east = (_rad(lat_b - lat_a) / two).sin(), (_rad(lon_b - lon_a) / two).sin()
    chord = building.keep(north * north + _rad(lat_a).cos() * _rad(lat_b).cos() * east * east)
    inside = (lat_a.abs() <= 90) & (lat_b.abs() <= 90) & (lon_a.abs() <= 360) & (lon_b.abs() <= 360)
    arc = ibis.least(chord, constant(1.0, "float")).sqrt().asin() * constant(2 * RADIUS, "float")
    return rounded(building, ibis.ifelse(inside & chord.notnull(), arc, nothing("float")), 3)
