"""Jars built by simulation: moles of air and carbon, stepped through time, read with noise.

Nothing here comes from talik but the names of columns. A jar holds n moles of dry gas and c moles of carbon as
CO2 or CH4, shared between gas and water at each moment; soil adds carbon, a leak exchanges gas with the room.
"""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

R = 8.314462618
CARBON = 12.011e6
"""Molar mass of carbon. [µg mol⁻¹]"""
STEPS = 60
"""Steps of the Runge-Kutta integration between two events."""


@dataclass
class Jars:
    """Many jars side by side, SI units inside; arrays of shape (n,)."""

    seed: int
    n: int
    volume: np.ndarray
    """Headspace. [m³]"""
    water: np.ndarray
    """Water. [m³]"""
    kelvin: np.ndarray
    ph: np.ndarray
    mass: np.ndarray
    """Dry soil. [g]"""
    leak: np.ndarray
    """Share of the gas that changes a day."""
    gas: str = "co2"
    room: float = 420e-6
    rate: np.ndarray = field(default_factory=lambda: np.zeros(0))
    """Carbon respired at the start. [mol d⁻¹]"""
    decline: np.ndarray = field(default_factory=lambda: np.zeros(0))
    """Decline of that rate. [d⁻¹]"""

    def __post_init__(self):
        self.rng = np.random.default_rng(self.seed)
        self.time = 0.0
        self.rows = []
        self.decline = self.decline if self.decline.size else np.zeros(self.n)
        vapour = 611.2 * np.exp(17.62 * (self.kelvin - 273.15) / (243.12 + self.kelvin - 273.15))
        self.air = (101325.0 - vapour) * self.volume / (R * self.kelvin)
        self.carbon = np.zeros(self.n)
        self.drawn = np.zeros(self.n)
        self.leaked = np.zeros(self.n)
        self.respired = np.zeros(self.n)
        self.full = self.air.copy()
        self.swept, self.inlet = np.zeros(self.n), 0.0

    def dissolved_per_gas(self):
        """Moles dissolved for each mole in the gas."""
        t, log = self.kelvin, np.log10(self.kelvin)
        if self.gas == "ch4":
            return 1.4e-5 * np.exp(1600 * (1 / t - 1 / 298.15)) * R * t * self.water / self.volume
        henry = 10 ** (108.3865 + 0.01985076 * t - 6919.53 / t - 40.45154 * log + 669365 / t**2)
        first = 10 ** (-356.3094 - 0.06091964 * t + 21834.37 / t + 126.8339 * log - 1684915 / t**2)
        second = 10 ** (-107.8871 - 0.03252849 * t + 5151.79 / t + 38.92561 * log - 563713.9 / t**2)
        acid = 10.0**-self.ph
        forms = 1 + first / acid + first * second / acid**2
        # mol L⁻¹ atm⁻¹ to mol m⁻³ Pa⁻¹
        return henry * 1e3 / 101325.0 * forms * R * t * self.water / self.volume

    @property
    def x(self):
        """Mole fraction in dry gas."""
        return self.carbon / (1 + self.dissolved_per_gas()) / self.air

    def contents(self, mass_fraction=0.05):
        """The table of these jars."""
        return pd.DataFrame({
            "jar": self.names, "sample": "s", "headspace_volume": self.volume * 1e6, "water_volume": self.water * 1e6,
            "ph": self.ph, "dry_mass": self.mass, "leak_rate": self.leak, "organic_carbon": mass_fraction * 1e3,
            "temperature": self.kelvin - 273.15, "vessel": "closed",
        })  # fmt: skip

    @property
    def names(self):
        return [f"j{i:05d}" for i in range(self.n)]

    def _write(self, event, x=np.nan, sd=np.nan, volume=np.nan, **more):
        self.rows.append(pd.DataFrame({
            "jar": self.names, "time": self.time, "temperature": self.kelvin - 273.15, "gas": self.gas, "event": event,
            "mole_fraction": x, "sd": sd, "volume": volume, **more,
        }))  # fmt: skip

    def flush(self, x=0.0, event="flush", told=True, **more):
        """Fill the jars with gas of a mole fraction, the water in equilibrium with it."""
        self.air = self.full.copy()
        self.carbon = np.broadcast_to(x, self.n) * self.air * (1 + self.dissolved_per_gas())
        self._write(event, np.broadcast_to(x, self.n) * 1e6 if told else np.nan, **more)

    def sweep(self, flow, inlet):
        """Send air through from now on, in mL a minute at 0 °C and 101.325 kPa."""
        self.swept, self.inlet = flow * 1e-6 * 1440 * 101325.0 / (R * 273.15), inlet

    def wait(self, days):
        """Let the soil respire."""
        step = np.broadcast_to(days, self.n) / STEPS
        share = 1 + self.dissolved_per_gas()

        def out(c):
            return self.leak * (c / share - self.room * self.air) + self.swept * (c / share / self.air - self.inlet)

        for k in range(STEPS):
            begin = self.time + k * step
            soil = [self.rate * np.exp(-self.decline * (begin + part * step)) for part in (0, 0.5, 1)]
            c = self.carbon
            k1 = soil[0] - out(c)
            k2 = soil[1] - out(c + step / 2 * k1)
            k3 = soil[1] - out(c + step / 2 * k2)
            k4 = soil[2] - out(c + step * k3)
            added = step / 6 * (soil[0] + 4 * soil[1] + soil[2])
            self.carbon = c + step / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
            self.respired = self.respired + added
            self.leaked = self.leaked + added - (self.carbon - c)
        self.time = self.time + np.broadcast_to(days, self.n)

    def read(self, sd, told=True, wrong=0.0, event="read", volume=np.nan):
        """Read the gas with an error, and draw what is read if a volume is given."""
        seen = self.x * 1e6 + sd * self.rng.standard_normal(self.n) + wrong
        self._write(event, seen, sd if told else np.nan, volume)
        if event == "draw":
            self._draw(volume)

    def _draw(self, volume):
        part = volume * 1e-6 / self.volume
        gone = part * self.carbon / (1 + self.dissolved_per_gas())
        self.drawn = self.drawn + gone
        self.carbon, self.air = self.carbon - gone, self.air * (1 - part)

    def replace(self, volume, x=0.0):
        """Draw a volume and put in as much of another gas."""
        before = self.air.copy()
        self._draw(volume)
        self.carbon = self.carbon + (before - self.air) * x
        self.air = before
        self._write("replace", x * 1e6, volume=volume)

    def readings(self):
        """The table of all readings and events so far."""
        return pd.concat(self.rows, ignore_index=True)


def jars(seed, n, *, ppm_a_day=(300.0, 6000.0), water=(1.0, 12.0), ph=(4.5, 6.0), leak=0.0, volume=(100, 500), **more):
    """Jars of random size whose gas rises by some ppm a day."""
    rng = np.random.default_rng((seed, 1))
    volume, water = rng.uniform(*volume, n) * 1e-6, rng.uniform(*water, n) * 1e-6
    kelvin, ph = rng.uniform(2, 25, n) + 273.15, rng.uniform(*ph, n)
    made = Jars(seed, n, volume, water, kelvin, ph, rng.uniform(5, 50, n), np.full(n, leak), **more)
    rise = np.exp(rng.uniform(*np.log(ppm_a_day), n)) * 1e-6
    made.rate = rise * made.air * (1 + made.dissolved_per_gas())
    return made
