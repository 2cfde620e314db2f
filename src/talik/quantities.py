"""Every quantity that talik measures or estimates: its name, symbol, unit, range and meaning.

One quantity, one name, one unit. Inside talik a column of a table is a plain float in the
unit given here; files carry the unit in the header, and ``units.py`` converts at the door.
"""

from dataclasses import dataclass

from talik.errors import UnknownNameError, listed


@dataclass(frozen=True)
class Quantity:
    """One quantity and what is known about its values."""

    name: str
    """The name, as in tables and in Python."""
    symbol: str
    """The symbol, as in equations."""
    unit: str
    """The unit, as in the header of a file."""
    possible: tuple[float, float]
    """Values outside are impossible, so an error."""
    plausible: tuple[float, float]
    """Values outside are improbable, so a warning that asks."""
    meaning: str
    """What it is, in words."""
    share: bool = False
    """Whether it is a ratio of two masses, so that a percentage is understood."""


_ANY = (float("-inf"), float("inf"))
_POSITIVE = (0.0, float("inf"))

_ALL = (
    Quantity("latitude", "φ", "degree", (-90, 90), (-90, 90), "Latitude, north positive, WGS 84."),
    Quantity("longitude", "λ", "degree", (-180, 360), (-180, 180), "Longitude, east positive, WGS 84."),
    Quantity("elevation", "z", "m", (-450, 9000), (-100, 6000), "Height of the site above sea level."),
    Quantity(
        "mean_annual_temperature",
        "MAT",
        "degC",
        (-60, 45),
        (-25, 32),
        "Mean annual air temperature of the site.",
    ),
    Quantity("annual_precipitation", "MAP", "mm", (0, 15000), (20, 6000), "Mean annual precipitation of the site."),
    Quantity(
        "active_layer_depth",
        "ALD",
        "m",
        (0, 30),
        (0.05, 10),
        "Largest depth of thaw in the year of sampling.",
    ),
    Quantity("depth_top", "z_1", "cm", (-200, 10000), (-60, 3000), "Upper end of the sample below the surface."),
    Quantity("depth_bottom", "z_2", "cm", (-200, 10000), (-60, 3000), "Lower end of the sample."),
    Quantity(
        "organic_carbon",
        "c_org",
        "mg SOC g-1 soil",
        (0, 1000),
        (0.05, 600),
        "Organic carbon in dry soil.",
        share=True,
    ),
    Quantity(
        "inorganic_carbon",
        "c_inorg",
        "mg SIC g-1 soil",
        (0, 1000),
        (0, 120),
        "Carbonate carbon in dry soil.",
        share=True,
    ),
    Quantity(
        "organic_matter",
        "c_om",
        "mg OM g-1 soil",
        (0, 1000),
        (0.1, 1000),
        "Organic matter in dry soil, as lost on ignition.",
        share=True,
    ),
    Quantity("dry_mass", "m", "g", _POSITIVE, (0.1, 10000), "Dry soil in the jar."),
    Quantity("headspace_volume", "V_h", "mL", _POSITIVE, (1, 50000), "Gas in the jar."),
    Quantity("water_volume", "V_w", "mL", _POSITIVE, (0, 10000), "Water in the jar."),
    Quantity("ph", "pH", "", (0, 14), (2.5, 11), "Acidity of the soil in water."),
    Quantity("leak_rate", "λ", "d-1", _POSITIVE, (0, 1), "Share of the jar's gas that changes with room air in a day."),
    Quantity("mole_fraction", "x", "ppm", (-1e4, 1e6), (-20, 5e5), "Mole fraction of a gas in dry air."),
    Quantity("gas_temperature", "T_g", "degC", (-80, 100), (-25, 60), "Temperature of the gas when it was read."),
    Quantity("pressure", "P", "kPa", (0, 1000), (45, 250), "Pressure in the jar when it was read."),
    Quantity("volume", "V_s", "mL", _POSITIVE, (0, 50000), "Gas drawn, put in or sent through at an event."),
    Quantity("flow", "Q", "mL min-1", _POSITIVE, (0, 10000), "Air sent through the jar."),
    Quantity("titrant_volume", "V_t", "mL", _POSITIVE, (0, 500), "Acid that an alkali trap took at titration."),
    Quantity(
        "titrant_concentration", "c_t", "mol L-1", _POSITIVE, (0.001, 5), "Acid equivalents in the titrant of a trap."
    ),
    Quantity("time", "t", "d", (0, 40000), (0, 3650), "Time since the start of the incubation."),
    Quantity("time_start", "t_1", "d", (0, 40000), (0, 3650), "Start of the interval."),
    Quantity("time_end", "t_2", "d", (0, 40000), (0, 3650), "End of the interval."),
    Quantity("temperature", "T", "degC", (-80, 100), (-25, 60), "Temperature of the incubated soil."),
    Quantity("t_low", "T_1", "degC", (-80, 100), (-25, 60), "The lower temperature of a Q10."),
    Quantity("t_high", "T_2", "degC", (-80, 100), (-25, 60), "The higher temperature of a Q10."),
    Quantity(
        "respiration",
        "r",
        "ug C g-1 soil d-1",
        _ANY,
        (-5, 20000),
        "Carbon respired per gram of dry soil and day.",
    ),
    Quantity(
        "specific_respiration",
        "r_C",
        "mg C g-1 SOC d-1",
        _ANY,
        (-0.5, 50),
        "Carbon respired per gram of soil carbon and day.",
    ),
    Quantity(
        "organic_matter_respiration",
        "r_OM",
        "mg C g-1 OM d-1",
        _ANY,
        (-0.5, 50),
        "Carbon respired per gram of organic matter and day.",
    ),
    Quantity(
        "jar_respiration",
        "r_J",
        "ug C d-1",
        _ANY,
        (-1e3, 1e5),
        "Carbon respired by the whole jar a day, where its soil mass is unknown.",
    ),
    Quantity(
        "release",
        "R",
        "ug C g-1 soil",
        _ANY,
        (-5, 1e6),
        "Carbon respired since the start, per gram of dry soil.",
    ),
    Quantity(
        "specific_release",
        "R_C",
        "mg C g-1 SOC",
        _ANY,
        (-0.5, 1000),
        "Carbon respired since the start, per gram of soil carbon.",
        share=True,
    ),
    Quantity(
        "organic_matter_release",
        "R_OM",
        "mg C g-1 OM",
        _ANY,
        (-0.5, 600),
        "Carbon respired since the start, per gram of organic matter.",
    ),
    Quantity("jar_release", "R_J", "ug C", _ANY, (-1e4, 1e10), "Carbon respired since the start by the whole jar."),
    Quantity(
        "carbon_at_start",
        "N_0",
        "ug C",
        _ANY,
        (-1e4, 1e8),
        "Carbon as gas in the jar when it was first read or closed.",
    ),
    Quantity("carbon_in_gas", "N_g", "ug C", _ANY, (-1e4, 1e8), "Carbon in the gas of the jar when it was last read."),
    Quantity(
        "carbon_dissolved",
        "N_d",
        "ug C",
        _ANY,
        (-1e4, 1e8),
        "Carbon of the gas dissolved in the jar's water when it was last read.",
    ),
    Quantity("carbon_drawn", "N_s", "ug C", _ANY, (-1e4, 1e8), "Carbon drawn with samples of the gas."),
    Quantity("carbon_put_in", "N_i", "ug C", _ANY, (-1e4, 1e8), "Carbon put in with replacing gas and water."),
    Quantity("carbon_flushed_out", "N_f", "ug C", _ANY, (-1e4, 1e8), "Carbon that left the jar between its closings."),
    Quantity("carbon_leaked", "N_l", "ug C", _ANY, (-1e4, 1e8), "Carbon lost through leaks, less what came in."),
    Quantity("carbon_respired", "N_r", "ug C", _ANY, (-1e4, 1e8), "Carbon respired while the jar was closed."),
    Quantity("q10", "Q_10", "", _POSITIVE, (0.5, 20), "Factor by which a rate grows for 10 degrees of warming."),
    Quantity("activation_energy", "E_a", "kJ mol-1", _ANY, (10, 250), "Activation energy of respiration (Arrhenius)."),
    Quantity("decay_rate", "k", "d-1", _POSITIVE, (1e-7, 10), "Share of a pool that decays in a day."),
)

QUANTITIES = {quantity.name: quantity for quantity in _ALL}
"""Every quantity by its name."""


def quantity(name: str) -> Quantity:
    """The quantity of this name.

    Examples
    --------
    >>> quantity("respiration").unit
    'ug C g-1 soil d-1'
    """
    try:
        return QUANTITIES[name]
    except KeyError:
        raise UnknownNameError(
            f"{name!r} is not a quantity of talik. Known are: {listed(sorted(QUANTITIES), 40)}.", [name]
        ) from None
