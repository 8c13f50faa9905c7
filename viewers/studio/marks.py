"""Marks as the page sends them and the work's files keep them: JSON with angles in degrees."""

from typing import Annotated, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from pano_inpaint.strokes import Clear, Grow, Lasso, Stroke

MOST_RECORDS = 20_000  # of one mark: minutes of painting without lifting the pen
MOST_MARKS = 5_000  # of one scene

Yaw = Annotated[float, Field(ge=-360, le=360, allow_inf_nan=False)]
Pitch = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
Radius = Annotated[float, Field(gt=0, le=90, allow_inf_nan=False)]


class _Mark(BaseModel):
    model_config = ConfigDict(extra="forbid")

    def to_json(self):
        return self.model_dump()


class StrokeMark(_Mark):
    """A brush's or an eraser's stroke: records of yaw, pitch and radius."""

    kind: Literal["stroke"]
    points: list[tuple[Yaw, Pitch, Radius]] = Field(min_length=1, max_length=MOST_RECORDS)
    erase: bool = False

    def to_mark(self):
        """Turn into what is drawn."""
        return Stroke(np.radians(self.points), value=not self.erase)


class LassoMark(_Mark):
    """A polygon: corners of yaw and pitch."""

    kind: Literal["lasso"]
    points: list[tuple[Yaw, Pitch]] = Field(min_length=3, max_length=MOST_RECORDS)
    erase: bool = False

    def to_mark(self):
        """Turn into what is drawn."""
        return Lasso(np.radians(self.points), value=not self.erase)


class GrowMark(_Mark):
    """Widening of all that is marked so far."""

    kind: Literal["grow"]
    radius: Radius

    def to_mark(self):
        """Turn into what is drawn."""
        return Grow(float(np.radians(self.radius)))


class ClearMark(_Mark):
    """Taking away all that is marked so far."""

    kind: Literal["clear"]

    def to_mark(self):
        """Turn into what is drawn."""
        return Clear()


Mark = Annotated[StrokeMark | LassoMark | GrowMark | ClearMark, Field(discriminator="kind")]
_MARKS = TypeAdapter(Annotated[list[Mark], Field(max_length=MOST_MARKS)])


def read_marks(document):
    """Check marks that come from a file.

    Parameters
    ----------
    document : list of dict

    Returns
    -------
    list of StrokeMark, LassoMark, GrowMark and ClearMark

    Raises
    ------
    pydantic.ValidationError
        If it is something else; a ValueError too.
    """
    return _MARKS.validate_python(document)
