"""What every section shares: no key that is not known, and the types of the field."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

__all__ = ["Gas", "Latitude", "Longitude", "Once", "Orbit", "Positive", "Section"]

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


class Section(BaseModel):
    """A section of the file."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=False, hide_input_in_errors=False)
