"""Calibration of a chromatograph: peak area on known mole fraction, its drift, and both errors of a reading."""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from talik.errors import InputError

ERRORS = ("constant", "proportional")
"""How the scatter of areas goes with the mole fraction: not at all, or in proportion to it."""

DEGREES = {1: "line", 2: "parabola"}
"""Shapes of a calibration."""

ENOUGH = 10
"""Degrees of freedom that standards need to tell how their scatter goes with the mole fraction."""

CURVED = 0.995
"""The parabola is taken where its curvature differs from none at this quantile of Student's t, two-sided."""


@dataclass(frozen=True)
class Calibration:
    r"""Area as a function of the mole fraction, with a response that may drift.

    .. math:: A = a + b(t) x + c x^2

    The response :math:`b` is that of the standards of each bracket; between two brackets it goes on a straight line in
    time, and beyond the first and the last it is held.
    """

    coefficients: np.ndarray
    """`a`, the response of each bracket, and `c` where there is one. [area, area ppm-1, area ppm-2]"""
    covariance: np.ndarray
    """Their covariance, with Student's spread still to be allowed for by `dof`."""
    times: np.ndarray
    """Mean time of the standards of each bracket. [s]"""
    degree: int
    """1 for a line, 2 for a parabola."""
    errors: str
    """``constant`` or ``proportional``."""
    sd: float
    """Standard deviation of an area, at the mean of the standards where errors are proportional. [area]"""
    dof: int
    """Degrees of freedom of `sd`."""
    lowest: float
    """Lowest positive standard. [ppm]"""
    highest: float
    """Highest standard. [ppm]"""
    mean: float
    """Mean of the standards. [ppm]"""
    n: int
    """Injections of standards."""

    def area(self, mole_fraction, time=None) -> np.ndarray:
        """Area that a mole fraction [ppm] gives at a time [s]."""
        return self._rows(mole_fraction, time) @ self.coefficients

    def mole_fraction(self, area, time=None, *, repeats: int = 1) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        r"""Mole fraction of a sample with its errors, by the delta method.

        .. math:: s^2(x) = \frac{s_A^2(x) / m + \mathbf{r}^T \mathbf{C} \mathbf{r}}{(\partial A / \partial x)^2}

        with :math:`m` repeated injections and :math:`\mathbf{r}` the derivatives of the area by the coefficients. The
        second part is shared: all samples of the calibration are off together by it.

        Parameters
        ----------
        area : array_like, shape (n,)
            Peak areas, each the mean of the repeats.
        time : array_like, shape (n,), optional
            When they were injected. [s] Needed where there is more than one bracket.
        repeats : int, default 1
            Injections behind each area.

        Returns
        -------
        mole_fraction, sd, sd_shared : ndarray, shape (n,)
            [ppm] Missing where the parabola does not reach an area.
        """
        area = np.atleast_1d(np.asarray(area, float))
        x = self._inverse(area, self._response(time, area.size))
        rows = self._rows(x, time)
        slope = self._slope(x, time)
        shared = np.sqrt(np.einsum("ij,jk,ik->i", rows, self.covariance, rows)) / slope
        own = self.sd * self._scale(x) / slope / np.sqrt(repeats)
        return x, np.hypot(own, shared), shared

    def shared_covariance(self, mole_fraction, time=None) -> np.ndarray:
        """Covariance of mole fractions [ppm] that comes from the calibration that they share. [ppm2]"""
        rows = self._rows(mole_fraction, time) / self._slope(mole_fraction, time)[:, None]
        return rows @ self.covariance @ rows.T

    def detection_limit(self, blanks=None, time=None) -> float:
        r"""Mole fraction that is told from none, both errors at 5 %.

        .. math:: x_D = 2 \, t_{0.95,\nu} \, s(0)

        with :math:`s(0)` the error of a reading of none (ISO 11843-2, in the form for equal errors); where there are
        three blanks or more, their scatter takes the place of that of the standards.

        Parameters
        ----------
        blanks : array_like, optional
            Areas of blanks.
        time : float, optional
            At this time. [s]

        Returns
        -------
        float
            [ppm]
        """
        zero = np.zeros(1)
        rows, slope = self._rows(zero, time), self._slope(zero, time)[0]
        shared = float(np.sqrt((rows @ self.covariance @ rows.T)[0, 0]))
        blanks = np.asarray([] if blanks is None else blanks, float)
        enough = blanks.size >= 3
        own = float(blanks.std(ddof=1)) if enough else self.sd * float(self._scale(zero)[0])
        dof = blanks.size - 1 if enough else self.dof
        return float(2 * stats.t.ppf(0.95, dof) * np.hypot(own, shared) / slope)

    @property
    def looseness(self) -> float:
        """Fieller's g: the squared relative half-width of the response's 95 % interval. Beyond 0.05 the delta method,
        which takes the response as known within a narrow band, tells too small an error.
        """
        response, variance = self.coefficients[1], self.covariance[1, 1]
        return float(stats.t.ppf(0.975, self.dof) ** 2 * variance / response**2)

    def _response(self, time, size: int) -> np.ndarray:
        return self._hats(time, size) @ self.coefficients[1 : 1 + self.times.size]

    def _hats(self, time, size: int) -> np.ndarray:
        if self.times.size > 1 and time is None:
            raise InputError("The response drifts between brackets of standards, so the times are needed.", ["time"])
        return hats(np.zeros(size) if time is None else np.broadcast_to(np.asarray(time, float), (size,)), self.times)

    def _rows(self, mole_fraction, time) -> np.ndarray:
        x = np.atleast_1d(np.asarray(mole_fraction, float))
        return _design(x, self._hats(time, x.size), self.degree)

    def _slope(self, mole_fraction, time) -> np.ndarray:
        x = np.atleast_1d(np.asarray(mole_fraction, float))
        slope = self._response(time, x.size)
        return slope + 2 * self.coefficients[-1] * x if self.degree == 2 else slope

    def _inverse(self, area: np.ndarray, response: np.ndarray) -> np.ndarray:
        above = area - self.coefficients[0]
        if self.degree == 1:
            return above / response
        with np.errstate(invalid="ignore"):
            root = np.sqrt(response**2 + 4 * self.coefficients[-1] * above)
        return 2 * above / (response + root)

    def _scale(self, mole_fraction: np.ndarray) -> np.ndarray:
        return _scale(mole_fraction, self.errors, self.lowest, self.mean)


def calibrate(
    known, area, *, time=None, bracket=None, degree: int | None = None, errors: str | None = None
) -> Calibration:
    """Fit a calibration to standards by weighted least squares.

    Parameters
    ----------
    known : array_like, shape (n,)
        Mole fractions of the standards. [ppm]
    area : array_like, shape (n,)
        Their peak areas.
    time : array_like, shape (n,), optional
        When they were injected. [s]
    bracket : array_like of int, shape (n,), optional
        Which bracket each belongs to; without it, all are one. The response of each bracket is a coefficient of its
        own; intercept and curvature are common.
    degree : {None, 1, 2}
        Line or parabola; None takes the parabola where there are at least four levels and three degrees of freedom
        and its curvature differs from none at the 99 % level.
    errors : {None, "constant", "proportional"}
        How the scatter goes with the mole fraction; None takes the likelier where there are ten degrees of freedom, and
        ``proportional`` where there are fewer: the likelier of few standards is often the wrong one, and intervals then
        hold the truth in 90 % of runs. Proportional errors stop falling below the lowest positive standard.

    Returns
    -------
    Calibration

    Raises
    ------
    InputError
        Where there are too few standards, or the area does not rise with the mole fraction.

    Examples
    --------
    The worked example A5 of EURACHEM/CITAC (2012), cadmium: 0.26 mg/L read twice has a standard uncertainty of 0.018.

    >>> known = np.repeat([0.1, 0.3, 0.5, 0.7, 0.9], 3)
    >>> area = [.028, .029, .029, .084, .083, .081, .135, .131, .133, .180, .181, .183, .215, .230, .216]
    >>> line = calibrate(known, area, degree=1, errors="constant")
    >>> x, sd, shared = line.mole_fraction(line.area(0.26), repeats=2)
    >>> round(float(sd[0]), 3)
    0.018
    """
    known, area = np.asarray(known, float), np.asarray(area, float)
    bracket = np.zeros(known.size, int) if bracket is None else np.unique(bracket, return_inverse=True)[1]
    time = np.zeros(known.size) if time is None else np.asarray(time, float)
    _check_standards(known, area, bracket)
    kinds = ERRORS if errors is None else (errors,)
    if degree is not None:
        return _likeliest(known, area, time, bracket, degree, kinds)
    line = _likeliest(known, area, time, bracket, 1, kinds)
    if np.unique(known).size < 4 or line.dof < 4:
        return line
    parabola = _likeliest(known, area, time, bracket, 2, (line.errors,))
    curvature = abs(parabola.coefficients[-1]) / np.sqrt(parabola.covariance[-1, -1])
    rises = parabola.coefficients[1:-1].min() + 2 * min(parabola.coefficients[-1], 0) * parabola.highest > 0
    return parabola if rises and curvature > stats.t.ppf(CURVED, parabola.dof) else line


def _check_standards(known: np.ndarray, area: np.ndarray, bracket: np.ndarray) -> None:
    if not (np.isfinite(known) & np.isfinite(area) & (known >= 0)).all():
        raise InputError("A standard lacks its mole fraction or its area, or has a negative one.", ["standards"])
    levels, needed = np.unique(known).size, 2 + int(bracket.max(initial=0)) + 1
    if levels < 2 or known.size < needed:
        raise InputError(
            f"{known.size} injections of standards of {levels} levels in {needed - 2} brackets: at least two levels "
            f"and {needed} injections are needed. Add standards, or calibrate several runs together.",
            ["standards"],
        )


def _likeliest(known, area, time, bracket, degree: int, kinds: tuple[str, ...]) -> Calibration:
    fits = [_fit(known, area, time, bracket, degree, kind) for kind in kinds]
    proportional = fits[-1][0]
    if len(fits) > 1 and proportional.dof < ENOUGH:
        return proportional
    return max(fits, key=lambda fit: fit[1])[0]


def _fit(known, area, time, bracket, degree: int, errors: str) -> tuple[Calibration, float]:
    """A calibration, and its log-likelihood up to a constant."""
    times = np.array([time[bracket == one].mean() for one in range(bracket.max() + 1)])
    hat = np.eye(times.size)[bracket]
    lowest, mean = known[known > 0].min(), known.mean()
    scale = _scale(known, errors, lowest, mean)
    design = _design(known, hat, degree)
    unit = np.maximum(np.abs(design).max(axis=0), 1e-300)
    left, right = design / unit / scale[:, None], area / scale
    dof = known.size - design.shape[1]
    solved, _, rank, _ = np.linalg.lstsq(left, right, rcond=None)
    if rank < design.shape[1] or dof < 1:
        raise InputError(
            "The standards do not determine the calibration: a bracket needs a standard above zero, and a parabola "
            "three levels and one injection more than it has coefficients.",
            ["standards"],
        )
    rss = max(float(((right - left @ solved) ** 2).sum()), 1e-300)
    variance = rss / dof
    covariance = variance * np.linalg.inv(left.T @ left) / np.outer(unit, unit)
    coefficients = solved / unit
    if not (coefficients[1 : 1 + times.size] > 0).all():
        raise InputError(
            "The area of the standards does not rise with their mole fraction. Are rows mixed up?", ["standards"]
        )
    fit = Calibration(
        coefficients, covariance, times, degree, errors, float(np.sqrt(variance)), dof, float(lowest),
        float(known.max()), float(mean), known.size,
    )  # fmt: skip
    return fit, -known.size / 2 * np.log(rss) - float(np.log(scale).sum())


def _design(x: np.ndarray, hat: np.ndarray, degree: int) -> np.ndarray:
    columns = [np.ones((x.size, 1)), hat * x[:, None]]
    return np.hstack([*columns, x[:, None] ** 2] if degree == 2 else columns)


def _scale(mole_fraction, errors: str, lowest: float, mean: float) -> np.ndarray:
    """Standard deviation of an area over that at the mean of the standards."""
    if errors == "constant":
        return np.ones_like(mole_fraction)
    return np.maximum(mole_fraction, lowest) / mean


def hats(time, nodes) -> np.ndarray:
    """Shares of nodes in a line between them, held beyond the first and the last.

    Parameters
    ----------
    time : array_like, shape (n,)
    nodes : array_like, shape (k,)
        Rising.

    Returns
    -------
    ndarray, shape (n, k)

    Examples
    --------
    >>> hats([-1, 1, 5], [0, 4])
    array([[1.  , 0.  ],
           [0.75, 0.25],
           [0.  , 1.  ]])
    """
    return np.stack([np.interp(time, nodes, row) for row in np.eye(len(nodes))], axis=1)
