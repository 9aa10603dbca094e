"""What the pages say about commands, keys and modules is what the code has; their examples run as doctests."""

from __future__ import annotations

import ast
import importlib
import re
import shlex
import tomllib
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

import gasquake
from gasquake import cli, study
from gasquake.study.config import StageWindow, StudyConfig

ROOT = Path(__file__).parents[2]
PAGES = [*sorted((ROOT / "docs").glob("[!_]*.md")), *sorted((ROOT / "docs").glob("[!_]*/*.md"))]
PAGES = [page for page in PAGES if page.parent.name != "generated"]
PAGES += [ROOT / "README.md", ROOT / "examples" / "README.md"]


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


def fences(page: Path, language: str) -> Iterator[str]:
    yield from re.findall(rf"^```{language}\n(.*?)^```", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


def commands(page: Path) -> Iterator[list[str]]:
    for block in fences(page, "console"):
        for line in block.splitlines():
            words = shlex.split(line.removeprefix("$ "), comments=True) if line.startswith("$ gasquake") else []
            if words:
                yield words[1:]


# --- Every block ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_python_without_a_prompt_is_python(page: Path) -> None:
    for block in fences(page, "python"):
        ast.parse(block)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_example_with_a_prompt_ends_where_doctest_sees_it(page: Path) -> None:
    for block in fences(page, "pycon"):
        assert block.endswith("\n\n"), "doctest reads the closing fence as output unless a blank line comes before it"


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_toml_has_only_keys_that_exist(page: Path) -> None:
    least = {
        "event": {"time": "2022-09-05T04:52:18Z", "longitude": 102.08, "latitude": 29.59},
        "region": {"west": 97, "south": 27, "east": 107, "north": 34},
        "gas": {"path": "granules"},
    }
    for block in fences(page, "toml"):
        StudyConfig.model_validate(least | tomllib.loads(block))


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_commands_have_only_options_that_exist(page: Path) -> None:
    for words in commands(page):
        if words[0].startswith("-"):
            assert CliRunner().invoke(cli.main, words).exit_code == 0
            continue
        command = cli.main.commands[words[0]]
        known = {option for parameter in command.params for option in parameter.opts} | {"-h", "--help"}
        used = {word.split("=")[0] for word in words[1:] if re.match(r"--?[a-z]", word)}
        assert used <= known, f"gasquake {words[0]} has no {sorted(used - known)}"


def test_the_checks_above_check_something() -> None:
    tutorial = ROOT / "docs" / "tutorial.md"
    assert list(fences(tutorial, "toml"))
    assert list(fences(tutorial, "python"))
    assert ["doctor"] in list(commands(tutorial))


# --- install.md -------------------------------------------------------------------------------------------------------


def test_every_extra_is_told_and_the_wheel_has_its_name() -> None:
    text = (ROOT / "docs" / "install.md").read_text(encoding="utf-8")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert set(re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE)) == set(project["optional-dependencies"]) - {"test"}
    wheels = re.findall(r'"dist/gasquake-(\S+?)-cp311-abi3-\S+\.whl\[', text)
    assert wheels
    assert set(wheels) == {gasquake.__version__}


# --- Links ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "page", [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "examples" / "README.md"], ids=name_of
)
def test_relative_links_outside_the_docs_lead_somewhere(page: Path) -> None:  # those inside are Sphinx's to check
    for target in re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8")):
        if not target.startswith(("http:", "https:")):
            assert (page.parent / target).exists(), target


# --- configuration.md -------------------------------------------------------------------------------------------------


def documented_keys() -> dict[str, dict[str, str]]:
    """Section -> key -> default, as the tables of the page have them."""
    found: dict[str, dict[str, str]] = {}
    section = ""
    for line in (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8").splitlines():
        if heading := re.match(r"#+ (?:\[+([a-z.]+)\]+|At the top)$", line):
            section = heading[1] or ""
        elif row := re.match(r"\| `(\w+)` \| [^|]+ \| (?:`([^|]*)`|(required|none)) \|", line):
            found.setdefault(section, {})[row[1]] = row[2] if row[2] is not None else row[3]
    return found


def real_keys() -> dict[str, dict[str, Any]]:
    """The same from the code: PydanticUndefined where there is no default."""

    def defaults(model: type[BaseModel]) -> dict[str, Any]:
        return {key: field.default for key, field in model.model_fields.items()}

    found: dict[str, dict[str, Any]] = {"": {}}
    for name, field in StudyConfig.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            found[name] = defaults(kind)
        else:
            found[""][name] = field.default
    return found | {"stages.windows": defaults(StageWindow)}


def test_every_key_is_documented_and_every_documented_key_exists() -> None:
    documented, real = documented_keys(), real_keys()
    assert {name: sorted(keys) for name, keys in documented.items()} == {n: sorted(k) for n, k in real.items()}


@pytest.mark.parametrize("section", real_keys())
def test_documented_defaults_are_the_real_ones(section: str) -> None:
    for key, default in real_keys()[section].items():
        told = documented_keys()[section][key]
        if default is PydanticUndefined:
            assert told == "required", key
        elif default is None:
            assert told == "none", key
        else:
            value = tomllib.loads(f"value = {told}")["value"]
            default = str(default) if isinstance(default, Path) else default
            assert value == default or (value != value and default != default), key


def test_every_choice_is_named() -> None:
    rows = dict(
        re.findall(r"^\| `(\w+)` \| ([^|]+) \|", (ROOT / "docs" / "configuration.md").read_text(), re.MULTILINE)
    )
    for name, field in StudyConfig.model_fields.items():
        if not (isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)):
            continue
        for key, inner in field.annotation.model_fields.items():
            if typing.get_origin(inner.annotation) is typing.Literal:
                for choice in typing.get_args(inner.annotation):
                    assert f'"{choice}"' in rows[key], f"{name}.{key} = {choice!r}"


# --- command-line.md --------------------------------------------------------------------------------------------------


def sections(page: Path) -> dict[str, str]:
    parts = re.split(r"^## (.*)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_every_command_is_documented() -> None:
    told = {title for title in sections(ROOT / "docs" / "command-line.md") if title.startswith("gasquake ")}
    assert told == {f"gasquake {name}" for name in cli.main.commands}


@pytest.mark.parametrize("name", cli.main.commands)
def test_every_option_is_documented(name: str) -> None:
    text = sections(ROOT / "docs" / "command-line.md")[f"gasquake {name}"]
    told = set(re.findall(r"^\| `(-?-?[\w-]+)` \|", text, re.MULTILINE))
    real = {
        parameter.human_readable_name if isinstance(parameter, click.Argument) else
        next(option for option in parameter.opts if option.startswith("--"))
        for parameter in cli.main.commands[name].params
    }  # fmt: skip
    assert told == real


@pytest.mark.parametrize("name", cli.main.commands)
def test_documented_defaults_of_options_are_the_real_ones(name: str) -> None:
    text = sections(ROOT / "docs" / "command-line.md")[f"gasquake {name}"]
    told = dict(re.findall(r"^\| `(--[\w-]+)` \| ([^|]*?) *\|", text, re.MULTILINE))
    for parameter in cli.main.commands[name].params:
        option = next((o for o in parameter.opts if o.startswith("--")), "")
        default = parameter.to_info_dict()["default"]
        if option and default is not None and not isinstance(default, bool):
            assert told[option] == f"`{default}`", option
        elif option:
            assert (told[option] == "required") == parameter.required, option


def test_the_exit_codes_are_the_real_ones() -> None:
    text = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")
    told = [int(code) for code in re.findall(r"^\| (\d) \|", text, re.MULTILINE)]
    assert told == sorted([cli.DONE, cli.FAILED, cli.BAD_ARGUMENTS, cli.SOME_REFUSED])


# --- the reference ----------------------------------------------------------------------------------------------------


def test_every_public_name_is_in_the_reference() -> None:
    text = "\n".join(page.read_text(encoding="utf-8") for page in (ROOT / "docs" / "api").glob("*.md"))
    listed: set[int] = set()
    for block in re.findall(r"```\{eval-rst\}\n(.*?)```", text, re.DOTALL):
        module = importlib.import_module(re.search(r"currentmodule:: (\S+)", block)[1])
        for name in re.findall(r"^   (\w+)$", block, re.MULTILINE):
            listed.add(id(getattr(module, name)))
    missing = [
        f"{name}.{member}"
        for name in gasquake.__all__
        if name != "__version__"
        for member in getattr(getattr(gasquake, name), "__all__", [])
        if id(getattr(getattr(gasquake, name), member)) not in listed
    ]
    assert not missing


# --- the examples -----------------------------------------------------------------------------------------------------


def test_the_luding_example_is_ready_for_granules_beside_it() -> None:
    folder = ROOT / "examples"
    config = study.load_config(folder / "luding2022.toml")
    assert config.gas.path == [str(folder / "granules" / "*.hdf")]
    assert config.placebo.catalogue == folder / "catalogue.csv"
    assert config.output.directory == folder / "luding2022"
    assert config.profile.shape == "kernel"  # the files hold no averaging kernels, and the example must not pretend


def test_the_luding_example_names_every_key_that_can_be_chosen() -> None:
    text = (folder := ROOT / "examples" / "luding2022.toml").read_text(encoding="utf-8")
    said = tomllib.loads(text)
    assert folder.is_file()
    for section in ("anomaly", "profile", "track", "placebo", "output"):
        keys = set(said[section]) | set(re.findall(r"^# (\w+) = ", text, re.MULTILINE))
        assert set(real_keys()[section]) <= keys, section
