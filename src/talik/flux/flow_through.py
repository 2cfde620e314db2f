"""Respiration of a jar that is swept by a flow of air."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from talik.constants import ATMOSPHERE
from talik.errors import TableError
from talik.flux.headspace import carbon_in_headspace

MINUTES_PER_DAY = 1440.0


@dataclass(frozen=True)
class FlowThroughRates:
    """Respiration of a swept jar between its readings; one value for each interval in every field."""

    start: NDArray
    """Start of the interval. [d]"""
    end: NDArray
    """End of the interval. [d]"""
    rate: NDArray
    """Carbon respired per day. [µg C d⁻¹]"""
    sd: NDArray
    """Standard error by the readings of the outlet. [µg C d⁻¹]"""
    sd_shared: NDArray
    """Standard error by the inlet and the flow, common to all intervals. [µg C d⁻¹]"""
    covariance_before: NDArray
    """Covariance with the interval before, which ends with the reading that this one begins with; 0 for the first.
    [µg² C d⁻²]"""
    exchanges: NDArray
    """Times that the gas of the jar was exchanged in the interval: above 3 or so the jar is steady. [-]"""


def swept_carbon(flow, *, temperature, pressure=ATMOSPHERE):
    """Carbon that a flow of air carries a day for each ppm of mole fraction.

    Parameters
    ----------
    flow : array_like, shape (n,) or float
        Flow of dry air. [mL min⁻¹]
    temperature : array_like, shape (n,) or float
        Temperature at which the flow is told. A mass flow controller tells it at its normal temperature, which is
        0 °C for most and 20, 21.1 or 25 °C for some, a rotameter at that of the gas. [°C]
    pressure : array_like, shape (n,) or float, default 101.325
        Pressure at which it is told. [kPa]

    Returns
    -------
    ndarray, shape (n,) or float
        [µg C d⁻¹ ppm⁻¹]

    Examples
    --------
    >>> round(float(swept_carbon(20.0, temperature=0.0)), 2)
    15.43
    """
    return carbon_in_headspace(1.0, np.asarray(flow, float) * MINUTES_PER_DAY, temperature, pressure, humidity=0.0)


def steady_rate(outlet, inlet, flow, *, flow_temperature, flow_pressure=ATMOSPHERE):
    r"""Respiration of a swept jar whose outlet no longer changes.

    .. math:: R = Q \, \frac{P}{R_g T} M_C \, (x_{out} - x_{in})

    It takes the same flow out as in: a soil takes up about as much oxygen as it gives carbon dioxide. A soil
    without oxygen gives gas, which matters at outlets above some 10,000 ppm only.

    Parameters
    ----------
    outlet, inlet : array_like, shape (n,) or float
        Mole fraction in the dry air that leaves and enters the jar. [ppm]
    flow : array_like, shape (n,) or float
        Flow of dry air. [mL min⁻¹]
    flow_temperature, flow_pressure : array_like, shape (n,) or float
        Temperature and pressure at which the flow is told, see `swept_carbon`. [°C, kPa]

    Returns
    -------
    ndarray, shape (n,) or float
        Carbon respired per day. [µg C d⁻¹]

    Examples
    --------
    20 g of soil in air of 20 mL a minute that enters with 420 and leaves with 436 ppm:

    >>> rate = steady_rate(436.0, 420.0, 20.0, flow_temperature=0.0)
    >>> round(float(rate), 1), round(float(rate) / 20, 2)
    (246.9, 12.35)
    """
    difference = np.asarray(outlet, float) - np.asarray(inlet, float)
    return swept_carbon(flow, temperature=flow_temperature, pressure=flow_pressure) * difference


def flow_through_rates(
    time,
    outlet,
    inlet,
    flow,
    *,
    jar_carbon,
    flow_temperature,
    flow_pressure=ATMOSPHERE,
    sd_outlet=0.0,
    sd_inlet=0.0,
    sd_flow=0.0,
) -> FlowThroughRates:
    r"""Respiration of a swept jar between readings of its outlet, steady or not.

    The mole fraction x in a mixed jar that holds m micrograms of carbon per ppm, swept by q micrograms a day per
    ppm, follows

    .. math:: m \frac{dx}{dt} = R + q \, (x_{in} - x)

    whose solution between two readings gives the mean respiration that leads from one to the next,

    .. math:: R_i = q \, \frac{(x_i - x_{in}) - (x_{i-1} - x_{in}) \, e^{-\theta}}{1 - e^{-\theta}}, \qquad
              \theta = \frac{q \, (t_i - t_{i-1})}{m}

    For many exchanges :math:`\theta` of the gas it is the steady rate, for none the rise in a closed jar. Flow and
    inlet of an interval are the means of its ends.

    Parameters
    ----------
    time : array_like, shape (n,)
        Times of the readings, rising, since closing. [d]
    outlet : array_like, shape (n,)
        Mole fraction in the dry air that leaves. [ppm]
    inlet : array_like, shape (n,) or float
        Mole fraction in the dry air that enters. [ppm]
    flow : array_like, shape (n,) or float
        Flow of dry air. [mL min⁻¹]
    jar_carbon : float
        Carbon that the jar holds for each ppm, in the gas and dissolved: `carbon_per_ppm`. [µg C ppm⁻¹]
    flow_temperature, flow_pressure : float
        Temperature and pressure at which the flow is told, see `swept_carbon`. [°C, kPa]
    sd_outlet : array_like, shape (n,) or float, default 0
        Error of each reading of the outlet, independent. [ppm]
    sd_inlet : float, default 0
        Error of the inlet, the same in all intervals. [ppm]
    sd_flow : float, default 0
        Relative error of the flow, the same in all intervals. [-]

    Returns
    -------
    FlowThroughRates

    Raises
    ------
    TableError
        If times do not rise, or a flow or the jar's carbon is not above zero.

    Examples
    --------
    The headspace of 200 mL still fills in the first quarter of an hour:

    >>> found = flow_through_rates(
    ...     np.array([0, 15, 60]) / 1440, [420.0, 432.4, 435.8], 420.0, 20.0,
    ...     jar_carbon=0.102, flow_temperature=0.0, sd_outlet=0.3)
    >>> found.rate.round(0), found.sd.round(1), found.exchanges.round(1)
    (array([241., 244.]), array([6. , 4.7]), array([1.6, 4.7]))
    """
    time, outlet, inlet, flow, sd_outlet = np.broadcast_arrays(
        *(np.asarray(each, float) for each in (time, outlet, inlet, flow, sd_outlet))
    )
    _check(time, flow, jar_carbon)
    swept = swept_carbon((flow[1:] + flow[:-1]) / 2, temperature=flow_temperature, pressure=flow_pressure)
    entering = (inlet[1:] + inlet[:-1]) / 2
    step = np.diff(time)
    exchanges = swept * step / jar_carbon
    after = swept / -np.expm1(-exchanges)
    before = after * np.exp(-exchanges)
    rate = after * (outlet[1:] - entering) - before * (outlet[:-1] - entering)
    sd = np.hypot(after * sd_outlet[1:], before * sd_outlet[:-1])
    # A wrong flow errs by what leaves the jar: by all of a steady rate, by nothing of what only fills the jar.
    leaving = rate - jar_carbon * np.diff(outlet) / step
    covariance = np.zeros(rate.size)
    covariance[1:] = -after[:-1] * before[1:] * sd_outlet[1:-1] ** 2
    return FlowThroughRates(
        time[:-1], time[1:], rate, sd, np.hypot(swept * sd_inlet, leaving * sd_flow), covariance, exchanges
    )  # fmt: skip


def _check(time: NDArray, flow: NDArray, jar_carbon: float) -> None:
    if time.ndim != 1 or (np.diff(time) <= 0).any():
        raise TableError("times of a swept jar must rise from reading to reading; sort them and average repeated ones")
    if not (flow > 0).all():
        raise TableError(f"{(~(flow > 0)).sum()} of {flow.size} readings of a swept jar have no flow above zero")
    if not jar_carbon > 0:
        raise TableError(f"a swept jar holds {jar_carbon} µg C per ppm; its headspace must be known and above zero")
