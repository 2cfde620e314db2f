"""Whether a sample is organic, of the active layer or of the permafrost, and what says so."""

import math
import re
from dataclasses import dataclass

SHALLOWEST_TABLE = 0.2
"""Permafrost tables shallower than this are not known from soils: what lies above has thawed. [m]"""

_FROZEN_HORIZON = re.compile(r"[Pp]ermafrost|^\s*[A-C][a-z]*f{1,2}\d*\s*$")
"""A horizon named permafrost, or with the suffix f of frozen mineral soil (USDA)."""

ORGANIC_MATERIAL = 200.0
"""Carbon content from which soil is organic material (WRB 2022). [mg g⁻¹]"""


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
    organic_carbon: float = math.nan,
) -> Layer:
    """The layer that a sample of a permafrost soil comes from.

    The middle of the sample is held against the depth of thaw: below it is permafrost. Above it, or
    within the top 20 cm where that depth is not known, the sample is organic where its horizon is an O or its
    carbon content that of organic material, and of the active layer otherwise.

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
    organic_carbon : float
        Organic carbon in dry soil. [mg g⁻¹]

    Returns
    -------
    Layer

    Examples
    --------
    >>> layer(80, 100, permafrost="yes", active_layer_depth=0.65).layer
    'permafrost'
    >>> layer(0, 10, permafrost="yes", organic_carbon=446.0)
    Layer(layer='organic', evidence='within the top 20 cm; carbon 446 mg g-1')
    >>> layer(80, 100, permafrost="yes")
    Layer(layer='', evidence='depth of thaw unknown')
    """
    if permafrost != "yes":
        return Layer("", "")
    if _FROZEN_HORIZON.search(horizon):
        return Layer("permafrost", f"horizon {horizon.strip()}")
    frozen, where = _frozen(depth_top, depth_bottom, active_layer_depth)
    if frozen:
        return Layer("permafrost", where)
    organic = _organic(horizon, organic_carbon)
    if organic:
        return Layer("organic", f"{where}; {organic}" if where else organic)
    if frozen is None:
        return Layer("", "depth unknown" if math.isnan(depth_top + depth_bottom) else "depth of thaw unknown")
    return Layer("active", where)


def _frozen(depth_top: float, depth_bottom: float, active_layer_depth: float) -> tuple[bool | None, str]:
    """Whether a sample lies below the depth of thaw, None where that is not known, and what says so."""
    middle = 0.5 * (depth_top + depth_bottom)
    if math.isnan(middle):
        return None, ""
    thaw = 100 * active_layer_depth
    if active_layer_depth > 0:
        straddles = ", which it straddles" if depth_top < thaw < depth_bottom else ""
        return middle > thaw, f"middle at {middle:g} cm, thaw to {thaw:g} cm{straddles}"
    if depth_bottom <= 100 * SHALLOWEST_TABLE:
        return False, f"within the top {100 * SHALLOWEST_TABLE:g} cm"
    return None, ""


def _organic(horizon: str, organic_carbon: float) -> str:
    """What says that a sample is organic; empty where nothing does."""
    if horizon.strip()[:1] == "O" or horizon.strip().lower().startswith("organic"):
        return f"horizon {horizon.strip()}"
    return f"carbon {organic_carbon:g} mg g-1" if organic_carbon >= ORGANIC_MATERIAL else ""
