"""Constants: symbol, unit and source of each."""

MOLAR_MASS_CARBON = 12.011
"""Molar mass of carbon, M_C. [g mol⁻¹] IUPAC 2021, abridged."""

MOLAR_MASS_CO2 = 44.009
"""Molar mass of carbon dioxide. [g mol⁻¹] IUPAC 2021, abridged."""

MOLAR_MASS_CH4 = 16.043
"""Molar mass of methane. [g mol⁻¹] IUPAC 2021, abridged."""

ZERO_CELSIUS = 273.15
"""0 °C on the Kelvin scale. [K] BIPM."""

DAYS_PER_YEAR = 365.25
"""Length of the Julian year. [d]"""

GAS_CONSTANT = 8.314462618
"""Molar gas constant, R. [J mol⁻¹ K⁻¹] CODATA 2018, exact."""

BOLTZMANN = 1.380649e-23
"""Boltzmann constant, k_B. [J K⁻¹] SI 2019, exact."""

PLANCK = 6.62607015e-34
"""Planck constant, h. [J s] SI 2019, exact."""

ATMOSPHERE = 101.325
"""Standard atmosphere. [kPa] BIPM."""
