"""Carbon that a trap of sodium or potassium hydroxide took up, by titration of what is left of it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from talik.constants import MOLAR_MASS_CARBON
from talik.errors import TableError

CARBON_PER_EQUIVALENT = MOLAR_MASS_CARBON / 2 * 1000
"""Carbon that one milliequivalent of hydroxide takes up: two hydroxides bind one carbon dioxide. [µg C mmol⁻¹]"""
EXHAUSTED = 2 / 3
"""Share of a trap's hydroxide above which its carbon is doubtful: a trap that runs out takes up carbon dioxide more
slowly than the soil gives it, and beyond the last hydroxide as bicarbonate, of which one hydroxide binds one. A
choice, to be changed by whoever has tested their traps. [-]"""


@dataclass(frozen=True)
class TrappedCarbon:
    """Carbon in traps; one value for each in every field."""

    carbon: NDArray
    """Carbon taken up beyond the blank traps. [µg C]"""
    sd: NDArray
    """Standard error by the titration of the trap itself. [µg C]"""
    sd_shared: NDArray
    """Standard error by the blank traps and the titrant, common to all traps of the batch. [µg C]"""
    neutralised: NDArray
    """Share of the hydroxide that was used up. [-]"""
    exhausted: NDArray
    """Whether more than two thirds of it were, so that carbon may have been missed."""


def trapped_carbon(
    titrant_volume, blank_volumes, titrant_concentration, *, titrated_share=1.0, sd_volume=0.0, sd_concentration=0.0
) -> TrappedCarbon:
    r"""Carbon taken up by alkali traps.

    Barium chloride precipitates the carbonate, and acid is added to the end point of phenolphthalein, so that it
    finds the hydroxide alone. Blank traps stand in jars without soil; what they lack was taken up from the air of
    the jar and on the bench. Two hydroxides bind one carbon dioxide:

    .. math:: m_C = \tfrac{1}{2} M_C \, c_t \, \frac{\bar V_b - V_t}{\alpha}

    with :math:`c_t` the acid equivalents of the titrant and :math:`\alpha` the share of the trap that was titrated. It
    is not valid without barium chloride, where the acid finds half of the carbonate too.

    Parameters
    ----------
    titrant_volume : array_like, shape (n,)
        Acid that each trap took. [mL]
    blank_volumes : array_like, shape (k,)
        Acid that each blank trap of the batch took, as much of it titrated. [mL]
    titrant_concentration : float
        Acid equivalents of the titrant. [mol L⁻¹]
    titrated_share : float, default 1
        Share of the trap that was titrated, as 10 of 50 mL. [-]
    sd_volume : float, default 0
        Error of one titration. It serves for the blank traps where there are fewer than three, whose own scatter
        serves otherwise. [mL]
    sd_concentration : float, default 0
        Relative error of the titrant's concentration. [-]

    Returns
    -------
    TrappedCarbon

    Raises
    ------
    TableError
        If there is no blank trap, or a share or concentration is not possible.

    References
    ----------
    Anderson (1982), Soil respiration, in Methods of Soil Analysis, Part 2, 2nd edition, 831-871, Am. Soc. Agron.

    Examples
    --------
    Traps of 10 mL of 0.5 M NaOH, titrated with 0.5 M HCl; three blanks; the last trap is nearly used up:

    >>> found = trapped_carbon([8.62, 7.90, 2.1], [9.81, 9.77, 9.82], 0.5, sd_volume=0.02)
    >>> (found.carbon / 1000).round(2)
    array([ 3.54,  5.71, 23.12])
    >>> found.neutralised.round(2), found.exhausted
    (array([0.12, 0.19, 0.79]), array([False, False,  True]))
    """
    volume, blanks = np.asarray(titrant_volume, float), np.atleast_1d(np.asarray(blank_volumes, float))
    blanks = blanks[~np.isnan(blanks)]
    _check(volume, blanks, titrant_concentration, titrated_share)
    blank = blanks.mean()
    scatter = blanks.std(ddof=1) if blanks.size > 2 else sd_volume
    per_volume = CARBON_PER_EQUIVALENT * titrant_concentration / titrated_share
    carbon = per_volume * (blank - volume)
    shared = np.hypot(per_volume * scatter / blanks.size**0.5, carbon * sd_concentration)
    neutralised = 1 - volume / blank
    own = np.where(np.isnan(volume), np.nan, per_volume * sd_volume)
    return TrappedCarbon(carbon, own, shared, neutralised, neutralised > EXHAUSTED)


def _check(volume: NDArray, blanks: NDArray, concentration: float, share: float) -> None:
    if not blanks.size:
        raise TableError(
            "alkali traps have no blank trap: what they took up from the air is unknown. Titrate traps of jars "
            "without soil and give them the event 'blank' and the same batch"
        )
    if not (blanks > 0).all():
        raise TableError("a blank trap took no acid: it held no hydroxide, or the titration was not entered")
    if (volume < 0).any():
        raise TableError(f"{(volume < 0).sum()} of {volume.size} titrations took less than no acid")
    if not (concentration > 0 and 0 < share <= 1):
        raise TableError(
            f"titrant of {concentration} mol L-1 and a titrated share of {share}: the concentration must be above "
            "zero, the share above 0 and at most 1"
        )
