"""What every section shares: no key that is not known, the types of the field, and errors that say all themselves."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

__all__ = ["Gas", "Latitude", "Longitude", "Once", "Orbit", "Positive", "Section", "between", "told"]

Gas = Literal["co", "ch4", "co2", "o3"]
Orbit = Literal["ascending", "descending", "all"]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Longitude = Annotated[float, Field(ge=-180, le=360)]
Latitude = Annotated[float, Field(ge=-90, le=90)]


def _once(values: list[str]) -> list[str]:
    if len(set(values)) < len(values):
        raise ValueError(f"{values} names something twice")
    return values


Once = AfterValidator(_once)


def told(message: str, /) -> PydanticCustomError:
    """An error whose message names what was found, so that nothing is added to it.

    Parameters
    ----------
    message : str
        What is wrong with the value of a key.

    Returns
    -------
    PydanticCustomError
        To be raised in a validator.
    """
    return PydanticCustomError("told", "{message}", {"message": message})


def between(low: float, high: float, unit: str = "") -> Any:
    """A validator of numbers within bounds. NaN is unknown, and passes.

    Parameters
    ----------
    low, high : float
        Bounds, included.
    unit : str
        Named in the message.

    Returns
    -------
    AfterValidator
        For an annotated float.
    """

    def check(value: float) -> float:
        if value < low or value > high:
            raise ValueError(f"must lie in {low:g}..{high:g}{unit and ' ' + unit}")
        return value

    return AfterValidator(check)


class Section(BaseModel):
    """A section of the file."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=False, hide_input_in_errors=False)
