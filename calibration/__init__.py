"""How often the intervals that talik prints hold the truth: ``make calibrate`` makes the tables of docs/calibration/.

Each module is one study of simulated data sets whose truth is known, with seeds that were fixed before its first run.
It has ``cases()``, the designs, and ``table(data_sets)``, one row a design and estimand.
"""
