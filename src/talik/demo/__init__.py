"""The packaged study: cold-region incubations of SIDb as compiled figures.

``compile_demo.py`` beside the tables made them; ``selection.csv`` says which studies, and what is
wrong with each. Every row carries its study, its DOI and its licence.
"""

from pathlib import Path


def demo_study():
    """The packaged study, ready to run.

    Returns
    -------
    talik.study.Study
    """
    from talik.study import read_study

    return read_study(Path(__file__).parent / "study.toml")
