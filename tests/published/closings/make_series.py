"""Thirty closings with noise, written to series.csv: ``python make_series.py``.

The carbon of a jar that respires 20 to 400 µg C d⁻¹ at closing and slows down, read 6 to 60 times within hours or
days. Every third series has bad readings. Seed and digits are fixed; closings.R fits the file as written.
"""

from pathlib import Path

import numpy as np

SEED = 20260301
SIZES = (6, 8, 10, 15, 24, 60)


def series(number: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Times and carbon of one closing."""
    n, length = SIZES[number % len(SIZES)], float(rng.choice([0.125, 0.5, 2.0, 7.0]))
    time = np.round(np.sort(np.r_[0.0, rng.uniform(0.02, 1.0, n - 2), 1.0]) * length, 5)
    rate, curvature = rng.uniform(20, 400), rng.uniform(0.8, 3.0) / length
    carbon = 53.0 + rate * -np.expm1(-curvature * time) / curvature
    noise = 0.004 * np.ptp(carbon) * rng.standard_normal(n)
    if number % 3 == 2:
        bad = rng.choice(np.arange(1, n - 1), size=max(1, n // 20), replace=False)
        noise[bad] += 0.06 * np.ptp(carbon) * rng.choice([-1.0, 1.0], size=bad.size)
    return time, np.round(carbon + noise, 5)


def main() -> None:
    """Write series.csv."""
    rng = np.random.default_rng(SEED)
    lines = ["series,time,carbon"]
    for number in range(30):
        time, carbon = series(number, rng)
        lines += [f"{number},{t:.5f},{m:.5f}" for t, m in zip(time, carbon, strict=True)]
    (Path(__file__).parent / "series.csv").write_text("\n".join(lines) + "\n", encoding="ascii")


if __name__ == "__main__":
    main()
