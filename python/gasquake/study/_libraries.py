"""Imported first in this package: without the libraries of a study, an error that says what to install."""

from __future__ import annotations

from gasquake._optional import attempt_import

attempt_import("pydantic", extra="study", purpose="to run a study")
