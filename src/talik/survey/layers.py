"""Whether a sample is organic, of the active layer or of the permafrost, and what says so."""

import math
from dataclasses import dataclass

SHALLOWEST_TABLE = 0.2
"""Permafrost tables shallower than this are not known from soils: what lies above has thawed. [m]"""


@dataclass(frozen=True)
class Layer:
    """A layer of a permafrost soil and what it was concluded from."""

    layer: str
    """``organic``, ``active``, ``permafrost`` or empty."""
    evidence: str
    """What it was concluded from."""


def layer(
    depth_top: float,
    depth_bottom: float,
    *,
    permafrost: str,
    active_layer_depth: float = math.nan,
    horizon: str = "",
) -> Layer:
    """The layer that a sample of a permafrost soil comes from.

    An O horizon is organic. Otherwise the depth of the sample is held against the depth of
    thaw: its middle above it is active layer, below it permafrost. Where the depth of thaw is
    not known, only a sample from the top 20 cm can be told (active layer).

    Parameters
    ----------
    depth_top, depth_bottom : float
        Ends of the sample. [cm]
    permafrost : {"yes", "no", ""}
        Whether the site has permafrost; without it there are no layers.
    active_layer_depth : float
        Depth of thaw. [m]
    horizon : str
        Name of the horizon.

    Returns
    -------
    Layer

    Examples
    --------
    >>> layer(80, 100, permafrost="yes", active_layer_depth=0.65).layer
    'permafrost'
    >>> layer(80, 100, permafrost="yes")
    Layer(layer='', evidence='depth of thaw unknown')
    """
    if permafrost != "yes":
        return Layer("", "")
    if horizon.strip()[:1] == "O" or horizon.strip().lower().startswith("organic"):
        return Layer("organic", f"horizon {horizon.strip()}")
    middle = 0.5 * (depth_top + depth_bottom)
    if math.isnan(middle):
        return Layer("", "depth unknown")
    if active_layer_depth > 0:
        name = "active" if middle <= 100 * active_layer_depth else "permafrost"
        straddles = depth_top < 100 * active_layer_depth < depth_bottom
        note = ", which it straddles" if straddles else ""
        return Layer(name, f"middle at {middle:g} cm, thaw to {100 * active_layer_depth:g} cm{note}")
    if depth_bottom <= 100 * SHALLOWEST_TABLE:
        return Layer("active", f"within the top {100 * SHALLOWEST_TABLE:g} cm")
    return Layer("", "depth of thaw unknown")
