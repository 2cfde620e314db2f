"""Makes the synthetic tables that the R scripts of this folder and the tests read: python make_tables.py.

Nothing in them was measured. Sites, cores and effects are invented so that every method has something to find.
"""

from pathlib import Path

import numpy as np
import pandas as pd

HERE = Path(__file__).parent
NOTE = "# Synthetic: made by make_tables.py, nothing was measured.\n"


def soils(seed: int = 20211) -> pd.DataFrame:
    """Samples of 24 sites with two cores each and one or two samples a core."""
    random = np.random.default_rng(seed)
    rows = [(s, c, i) for s in range(24) for c in range(2) for i in range(1 + int(random.random() < 0.7))]
    site, core = np.array([s for s, _, _ in rows]), np.array([2 * s + c for s, c, _ in rows])
    n = len(rows)

    def property_(*causes, among=0.7):
        raw = sum(causes) + among * random.normal(size=24)[site] + 0.7 * random.normal(size=n)
        return (raw - raw.mean()) / raw.std()

    clay = property_()
    feox = property_(0.6 * clay)
    mbc = property_(-0.3 * feox)
    plfa = property_(0.8 * mbc)
    glucosidase = property_(0.4 * mbc)
    shannon = property_(0.3 * mbc)
    cn = property_()
    suva = property_(0.5 * cn)
    ph = property_(0.3 * clay, among=1.0)
    mat = property_(among=1.5)
    ln_q10 = (
        0.9 - 0.10 * feox - 0.03 * clay + 0.08 * mbc + 0.05 * glucosidase - 0.07 * shannon + 0.04 * cn - 0.03 * mat
        + 0.09 * random.normal(size=24)[site] + 0.05 * random.normal(size=48)[core] + 0.10 * random.normal(size=n)
    )  # fmt: skip
    sd = random.uniform(0.03, 0.12, n)
    return pd.DataFrame(
        {
            "sample": [f"s{s:02d}c{c}i{i}" for s, c, i in rows],
            "site": [f"s{s:02d}" for s in site],
            "core": [f"c{c:02d}" for c in core],
            "latitude": (29 + 0.35 * site + 0.05 * random.normal(size=24)[site]).round(4),
            "longitude": (91 + 0.3 * site + 0.05 * random.normal(size=24)[site]).round(4),
            "ln_q10": (ln_q10 + sd * random.normal(size=n)).round(6),
            "sd_ln_q10": sd.round(6),
            "clay": (18 + 6 * clay).round(4), "feox": (3 + feox).round(4),
            "mbc": (400 + 150 * mbc).round(3), "plfa": (60 + 20 * plfa).round(4),
            "glucosidase": (90 + 30 * glucosidase).round(4), "shannon": (5 + 0.6 * shannon).round(5),
            "cn": (14 + 3 * cn).round(5), "suva": (2.5 + 0.5 * suva).round(5),
            "ph": (7.4 + 0.7 * ph).round(5), "mat": (-3 + 2 * mat).round(5),
            "cover": np.array(["meadow", "steppe", "desert"])[np.clip((cn * 0.7 + 1.5).astype(int), 0, 2)],
        }
    )  # fmt: skip


def counts(seed: int = 7) -> pd.DataFrame:
    """Counts of 40 taxa in 8 samples of unequal effort."""
    random = np.random.default_rng(seed)
    abundance = np.exp(random.normal(0, 1.8, 40))
    made = np.array([random.multinomial(size, random.dirichlet(abundance * 0.8 + 0.01)) for size in
                     (150, 200, 333, 500, 800, 1200, 90, 260)])  # fmt: skip
    return pd.DataFrame(made, columns=[f"taxon{i:02d}" for i in range(40)]).assign(sample=[f"s{i}" for i in range(8)])


if __name__ == "__main__":
    for name, table in (("soils", soils()), ("counts", counts())):
        (HERE / f"{name}.csv").write_text(NOTE + table.to_csv(index=False), encoding="utf-8")
