"""YAML is read as a person means it, and a bad file is named with its line."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from lightning_kit.cli.documents import parse, read, text_of
from lightning_kit.cli.errors import InputError


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 1e-3),
        ("1", 1),
        ("-1.5", -1.5),
        ("0123", "0123"),
        ("12:30:00", "12:30:00"),
        ("true", True),
        ("no", "no"),
        ("null", None),
        ("", None),
        ("[1, 2e5]", [1, 2e5]),
        ("2020-01-01", "2020-01-01"),
        (".inf", float("inf")),
        ("-", [None]),
        ("1.2.3", "1.2.3"),
    ],
)
def test_values_are_what_they_look_like(text: str, value: Any) -> None:
    assert parse(text) == value


@pytest.mark.parametrize(
    "value", ["12:30", "0123", "1e-3", "yes", "null", "on", "0x1", "1_000", ""]
)
def test_text_survives_every_reader(value: str) -> None:
    text = text_of({"a": value})
    assert parse(text) == yaml.safe_load(text) == {"a": value}


def test_numbers_and_lists_are_written_as_such() -> None:
    value = {"a": 1e-5, "b": [1, {"c": None}], "d": True}
    assert parse(text_of(value)) == yaml.safe_load(text_of(value)) == value
    assert parse(text_of({"a": (1, 2)})) == {"a": [1, 2]}


def test_no_code_runs(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("a: !!python/object/apply:os.system ['true']")
    with pytest.raises(InputError, match="not valid YAML"):
        read("a.yaml")


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("a: {b: 1}\nc: 2\na: {d: 3}", r"line 3: not valid YAML \('a' occurs twice"),
        ("a: {b: 1, b: 1}", r"line 1: not valid YAML \('b' occurs twice"),
        ("a: [1", "line 1: not valid YAML"),
        ("a: 1\nb: {c", "line 2: not valid YAML"),
        ("- 1", "must be a mapping of keys to values, got list"),
    ],
)
def test_a_bad_file_is_named(tmp_path: Path, content: str, line: str) -> None:
    (tmp_path / "bad.yaml").write_text(content)
    with pytest.raises(InputError, match=rf"bad\.yaml.*{line}"):
        read("bad.yaml")


def test_what_a_merge_brings_along_may_be_said_again(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("a: &a {b: 1, c: 2}\nd: {<<: *a, b: 3}\ne: {<<: *a, <<: *a}")
    assert read("a.yaml") == {"a": {"b": 1, "c": 2}, "d": {"b": 3, "c": 2}, "e": {"b": 1, "c": 2}}


def test_a_missing_file_has_a_neighbour(tmp_path: Path) -> None:
    (tmp_path / "digits.yaml").touch()
    with pytest.raises(InputError, match="digit.yaml: no such file: did you mean digits.yaml"):
        read("digit.yaml")


def test_names_with_little_but_their_ending_in_common_are_not_alike(tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    for name in ("es.yaml", "parts/es.yaml", "parts/digits.yaml"):
        (tmp_path / name).touch()
    for name in ("nope.yaml", "parts/nope.yaml"):
        with pytest.raises(InputError, match=f"^{name}: no such file$"):
            read(name)
    with pytest.raises(InputError, match=r"did you mean parts/digits.yaml\?$"):
        read("parts/digit.yaml")


@pytest.mark.parametrize("name", ["bf16", "bf16.yaml", "configs/overlays/bf16.yaml"])
def test_a_file_of_the_kit_says_how_to_get_it(name: str) -> None:
    with pytest.raises(InputError, match=r"no such file: .*lightning-kit new bf16 > bf16\.yaml$"):
        read(name)


def test_a_forgotten_ending_is_named() -> None:
    Path("cpu.yaml").touch()
    with pytest.raises(InputError, match=r"^cpu: no such file: did you mean cpu\.yaml\?$"):
        read("cpu")


def test_binary_is_no_yaml(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="a.yaml: cannot be read"):
        read("a.yaml")


def test_an_empty_file_is_no_setting(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").touch()
    assert read("a.yaml") == {}
