"""Whether a site has permafrost, and what says so."""

import math
import re
from dataclasses import dataclass

PERMAFROST_SOILS = re.compile(r"gelisol|gelic\b|cryosol|pergelic|orthel|histel|turbel", re.IGNORECASE)
"""Soil names that permafrost is part of the definition of (USDA Gelisols and their suborders, WRB Cryosols
and gelic qualifiers, pergelic temperature regimes)."""

COLDEST_WITHOUT = -1.0
"""Mean annual air temperature below which permafrost is the rule rather than the exception. [°C]
Discontinuous permafrost begins between -1 and -2 °C (Brown 1970; Smith and Riseborough 2002)."""

LOWEST_HIGH_LATITUDE, LOWEST_HIGH_MOUNTAIN = 45.0, 2500.0
"""The rule of temperature holds poleward of this latitude, or above this height. [degrees, m]"""


@dataclass(frozen=True)
class Evidence:
    """Whether there is permafrost, and what it was concluded from."""

    permafrost: str
    """``yes``, ``no`` or empty where nothing is known."""
    evidence: str
    """``stated``, ``soil order``, ``active layer``, ``climate`` or empty; with its value."""


def permafrost(
    *,
    stated: bool | None = None,
    soil: str = "",
    active_layer_depth: float = math.nan,
    latitude: float = math.nan,
    mean_annual_temperature: float = math.nan,
    elevation: float = math.nan,
) -> Evidence:
    """Whether a site has permafrost, from the strongest evidence that there is.

    In this order: what the study states, a soil of a permafrost order, an active layer whose
    depth was measured, and last the mean annual air temperature at high latitude or altitude.

    Parameters
    ----------
    stated : bool or None
        What the study says, None where it says nothing.
    soil : str
        Soil order and family.
    active_layer_depth : float
        Depth of thaw. [m]
    latitude, elevation : float
        Where the site lies. [degrees], [m]
    mean_annual_temperature : float
        Mean annual air temperature. [°C]

    Returns
    -------
    Evidence

    Examples
    --------
    >>> permafrost(soil="Gelisol").evidence
    'soil order (Gelisol)'
    >>> permafrost(latitude=69.7, mean_annual_temperature=-9.2)
    Evidence(permafrost='yes', evidence='climate (-9.2 °C at latitude 69.7)')
    >>> permafrost(latitude=69.7).permafrost
    ''
    """
    if stated is not None:
        return Evidence("yes" if stated else "no", "stated")
    if PERMAFROST_SOILS.search(soil):
        return Evidence("yes", f"soil order ({soil})")
    if active_layer_depth > 0:
        return Evidence("yes", f"active layer ({active_layer_depth:g} m)")
    cold_place = abs(latitude) >= LOWEST_HIGH_LATITUDE or elevation >= LOWEST_HIGH_MOUNTAIN
    if cold_place and mean_annual_temperature <= COLDEST_WITHOUT:
        return Evidence("yes", f"climate ({mean_annual_temperature:g} °C at latitude {latitude:.1f})")
    if mean_annual_temperature > 3 and not elevation >= LOWEST_HIGH_MOUNTAIN:
        return Evidence("no", f"climate ({mean_annual_temperature:g} °C)")
    return Evidence("", "")
