"""The works that the report's methods rest on."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["REFERENCES", "Reference"]


@dataclass(frozen=True, slots=True)
class Reference:
    """A published work.

    Attributes
    ----------
    text : str
        Authors, year, title, journal.
    doi : str
        Its DOI; empty if there is none.
    """

    text: str
    doi: str


#: In order of first author.
REFERENCES: tuple[Reference, ...] = (
    Reference(
        "AIRS project (2020). Aqua/AIRS L3 Daily Standard Physical Retrieval (AIRS-only) 1 degree x 1 degree V7.0. "
        "NASA GES DISC.",
        "10.5067/UO3Q64CTTS1U",
    ),
    Reference("Bühlmann, P. (1997). Sieve bootstrap for time series. Bernoulli 3, 123–148.", "10.2307/3318584"),
    Reference(
        "Burnham, K. P., and Anderson, D. R. (2004). Multimodel inference: understanding AIC and BIC in model "
        "selection. Sociological Methods & Research 33, 261–304.",
        "10.1177/0049124104268644",
    ),
    Reference(
        "Hegarty, J. D., et al. (2022). Validation and error estimation of AIRS MUSES CO profiles with HIPPO, ATom, "
        "and NOAA GML aircraft observations. Atmos. Meas. Tech. 15, 205–223.",
        "10.5194/amt-15-205-2022",
    ),
    Reference(
        "Hurvich, C. M., and Tsai, C.-L. (1989). Regression and time series model selection in small samples. "
        "Biometrika 76, 297–307.",
        "10.1093/biomet/76.2.297",
    ),
    Reference(
        "Kulawik, S. S., et al. (2021). Evaluation of single-footprint AIRS CH4 profile retrieval uncertainties using "
        "aircraft profile measurements. Atmos. Meas. Tech. 14, 335–354.",
        "10.5194/amt-14-335-2021",
    ),
    Reference(
        "Künsch, H. R. (1989). The jackknife and the bootstrap for general stationary observations. Annals of "
        "Statistics 17, 1217–1241.",
        "10.1214/aos/1176347265",
    ),
    Reference(
        "Wilson, E. B. (1927). Probable inference, the law of succession, and statistical inference. Journal of the "
        "American Statistical Association 22, 209–212.",
        "10.1080/01621459.1927.10502953",
    ),
    Reference(
        "Zhao, Y., et al. (2022). Luding M6.8: tracing gas from satellite hyperspectral data to the surface. Advances "
        "in Geosciences 12(12).",
        "10.12677/ag.2022.1212164",
    ),
)
