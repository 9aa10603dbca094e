"""Scenes with known truth: what a method should find, because it was put there.

A simulated cube says so in its attribute ``simulated``. The sizes of noise, gaps and release, and how they compare
with what AIRS can detect, are in the page "Simulation" of the documentation.
"""

from gasquake.simulate.granules import write_granules
from gasquake.simulate.scene import SimulatedScene, luding
from gasquake.simulate.truth import Expectation, Released, Truth

__all__ = ["Expectation", "Released", "SimulatedScene", "Truth", "luding", "write_granules"]
