from __future__ import annotations

from pathlib import Path

import pytest

from repro.config.strict_yaml import MAX_BYTES, MAX_DEPTH, MAX_VALUES, Mark, dotted, parse, parse_file, parse_value
from repro.errors import ConfigError


def refusal(text: str | bytes) -> str:
    with pytest.raises(ConfigError) as caught:
        parse(text if isinstance(text, bytes) else text.encode(), "f.yaml")
    return str(caught.value)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("5", 5),
        ("-5", -5),
        ("+5", 5),
        ("0", 0),
        ("0.5", 0.5),
        (".5", 0.5),
        ("5.0e-4", 0.0005),
        ("1.0e+5", 100000.0),
        ("true", True),
        ("false", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("relu", "relu"),
        ("on the hidden layers", "on the hidden layers"),
        ("'no'", "no"),
        ('"5e-4"', "5e-4"),
        ("'010'", "010"),
        ('"12:30:00"', "12:30:00"),
        ("'2020-01-01'", "2020-01-01"),
        ("'.nan'", ".nan"),
        ("'<<'", "<<"),
        ("|\n    5e-4\n", "5e-4\n"),
        ("[1, a, 2.5]", [1, "a", 2.5]),
        ("{a: {b: []}}", {"a": {"b": []}}),
        ("{0: 0.5, 500: 0.25}", {0: 0.5, 500: 0.25}),
    ],
)
def test_values(written, value):
    parsed = parse(f"k:\n  x: {written}".encode(), "f.yaml").value["k"]["x"]
    assert parsed == value
    assert type(parsed) is type(value)


def whole(text: str) -> str:
    return f"expected a decimal whole number without leading zeros and of at most 18 digits, got {text}:"


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("5e-4", "YAML reads 5e-4 as text: write 5.0e-4, or"),
        ("1e5", "YAML reads 1e5 as text: write 1.0e+5, or"),
        ("1.5e5", "YAML reads 1.5e5 as text: write 1.5e+5, or"),
        ("-.5", "YAML reads -.5 as text: write -0.5, or"),
        ("09", "YAML reads 09 as text: write 9, or"),
        ("0o17", "YAML reads 0o17 as text: write a finite decimal number, or"),
        ("nan", "YAML reads nan as text: write a finite decimal number, or"),
        ("Infinity", "YAML reads Infinity as text: write a finite decimal number, or"),
        ("on", "YAML reads on as a boolean: write true or false, or"),
        ("Off", "YAML reads Off as a boolean: write true or false, or"),
        ("yes", "YAML reads yes as a boolean: write true or false, or"),
        ("no", "YAML reads no as a boolean: write true or false, or"),
        ("True", "YAML reads True as a boolean: write true or false, or"),
        ("010", whole("010")),
        ("0x1F", whole("0x1F")),
        ("0b11", whole("0b11")),
        ("1_000", whole("1_000")),
        ("1234567890123456789", whole("1234567890123456789")),
        ("12:30:00", "YAML reads 12:30:00 as a number in base 60:"),
        ("1:30.5", "YAML reads 1:30.5 as a number in base 60:"),
        ("2020-01-01", "YAML reads 2020-01-01 as a date:"),
        (".inf", "expected a finite decimal number, got .inf:"),
        ("-.inf", "expected a finite decimal number, got -.inf:"),
        (".nan", "expected a finite decimal number, got .nan:"),
        ("1.0e+400", "expected a finite decimal number, got 1.0e+400:"),
        ("1_0.5", "expected a finite decimal number, got 1_0.5:"),
        ("=", "YAML gives = a meaning of its own:"),
    ],
)
def test_plain_scalars_that_yaml_reads_as_a_surprise(written, message):
    expected = f'f.yaml:2: k.x: {message} quote it ("{written}") if it is text'
    assert refusal(f"k:\n  x: {written}") == expected


def test_a_number_of_5000_digits_is_shortened_in_the_message():
    short = "9" * 37 + "..."
    assert refusal("x: " + "9" * 5000) == f'f.yaml:1: x: {whole(short)} quote it ("{short}") if it is text'


@pytest.mark.parametrize(
    ("tagged", "tag"),
    [
        ("!!python/object/apply:os.system ['true']", "!!python/object/apply:os.system"),
        ("!!python/name:os.system", "!!python/name:os.system"),
        ("!!str 5", "!!str"),
        ("!!int '5'", "!!int"),
        ("!!set {a: null}", "!!set"),
        ("!!omap []", "!!omap"),
        ("!!binary aGk=", "!!binary"),
        ("!own x", "!own"),
    ],
)
def test_tags(tagged, tag):
    assert refusal(f"x: {tagged}") == f"f.yaml:1: x: tags are not supported, got {tag}; leave it out (and quote text)"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "1: expected a mapping, got an empty file"),
        ("# nothing\n", "1: expected a mapping, got an empty file"),
        ("- 1\n- 2", "1: expected a mapping at the top, got [1, 2]"),
        ("text", "1: expected a mapping at the top, got 'text'"),
        ("a: 1\n---\nb: 2", "2: expected one YAML document, found a second one after '---'"),
        ("a: 1\nb: 2\na: 3", "3: a: duplicate key, first given on line 1"),
        ("a:\n  b: 1\n  b: 1", "3: a.b: duplicate key, first given on line 2"),
        ("a: [{b: 1, b: 2}]", "1: a.0.b: duplicate key, first given on line 1"),
        ("a:\n  5: x\n  5: y", "3: a.5: duplicate key, first given on line 2"),
        ("<<: {a: 1}", "1: merge keys (<<) are not supported; write 'extends: other.yaml' at the top"),
        ("a: &a {}\nc:\n  <<: *a", "3: c: merge keys (<<) are not supported; write 'extends: other.yaml' at the top"),
        ("a:\n  0.5: x", "2: a: expected keys that are text or whole numbers, got 0.5; quote it"),
        ("true: x", "1: expected keys that are text or whole numbers, got true; quote it"),
        ("null: x", "1: expected keys that are text or whole numbers, got null; quote it"),
        ("? [1]\n: x", "1: expected keys that are text or whole numbers, got a mapping or list as key"),
        ("on: x", '1: YAML reads on as a boolean: write true or false, or quote it ("on") if it is text'),
        ("a: [1", "1: not valid YAML: while parsing a flow sequence, expected ',' or ']', but got '<stream end>'"),
        ("a: b: c", "1: not valid YAML: mapping values are not allowed here"),
        ("a: 'b", "1: not valid YAML: while scanning a quoted scalar, found unexpected end of stream"),
        ("a: *b", "1: not valid YAML: found undefined alias 'b'"),
        ('a: 1\nb: "\\e[31m"', r"2: b: expected text without control characters, got '\x1b'"),
        ('"\\a": 1', r"1: expected text without control characters, got '\x07'"),
        ("a: 1\nb: \x1b[31m", "2: not valid YAML: special characters are not allowed"),
        ("a: 1\nb: \0", "2: expected text, got a NUL character"),
        (b"a: 1\nb: \xff", "2: expected UTF-8 text, got byte 0xff"),
        ("a: 1".encode("utf-16"), "1: expected UTF-8 text, got byte 0xff"),
    ],
)  # fmt: skip
def test_whole_files_that_are_refused(text, message):
    assert refusal(text) == f"f.yaml:{message}"


def test_alias_bomb_is_refused_by_its_number_of_values():
    levels = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    levels += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 30)]
    assert refusal("\n".join(levels)) == f"f.yaml:1: expected at most {MAX_VALUES} values, aliases expanded, got more"


def test_alias_that_holds_itself():
    message = f"f.yaml:1: expected at most {MAX_DEPTH} levels, got more: does an alias hold itself?"
    assert refusal("a: &a [*a]") == message
    chain = ["a0: &a0 [x]", *(f"a{n}: &a{n} [*a{n - 1}]" for n in range(1, 3000))]
    assert refusal("\n".join(chain)) == message


def test_aliases_in_bounds_are_values_of_their_own():
    value = parse(b"a: &a {b: [1]}\nc: *a", "f.yaml").value
    assert value == {"a": {"b": [1]}, "c": {"b": [1]}}
    assert value["a"] is not value["c"]


@pytest.mark.parametrize("text", ["[" * 100_000, "a: " + "{a: " * 60])
def test_deep_nesting_is_refused(text):
    assert refusal(text) == f"f.yaml:1: not valid YAML: more than {MAX_DEPTH} levels"


def test_too_many_values_without_aliases():
    assert refusal("a: [" + "1," * (MAX_VALUES - 2) + "1]") == (
        f"f.yaml:1: expected at most {MAX_VALUES} values, aliases expanded, got more"
    )
    assert refusal("a: [" + "1," * 30_000 + "]") == f"f.yaml:1: not valid YAML: more than {MAX_VALUES} values"


def test_marks_lead_to_the_line_of_every_key():
    document = parse(b"a: 1\nb:\n  - c: 2\n    d: 3\n  - x\nsteps: {5: 1}\n", "f.yaml")
    assert {dotted(path): mark.line for path, mark in document.marks.items()} == {
        "": 1,
        "a": 1,
        "b": 2,
        "b.0": 3,
        "b.0.c": 3,
        "b.0.d": 4,
        "b.1": 5,
        "steps": 6,
        "steps.5": 6,
    }
    assert document.mark(("b", "0", "d", "missing", "deeper")) == Mark("f.yaml", 4)


def test_odd_keys_are_quoted_in_messages():
    assert dotted(("a b", "c\n", "", "d-e_f")) == '"a b"."c\\n"."".d-e_f'


def test_byte_order_mark_and_line_ends_of_windows():
    assert parse(b"\xef\xbb\xbfa: 1\r\nb: 2\r\n", "f.yaml").value == {"a": 1, "b": 2}


def test_file_size_is_bounded(tmp_path):
    path = tmp_path / "big.yaml"
    path.write_bytes(b"a: 1\n#" + b"x" * (MAX_BYTES - 6))
    assert parse_file(path).value == {"a": 1}
    path.write_bytes(b"a: 1\n#" + b"x" * (MAX_BYTES - 5))
    with pytest.raises(ConfigError) as caught:
        parse_file(path)
    assert str(caught.value) == f"{path}:1: expected at most 256 KiB of YAML, got more"


@pytest.mark.parametrize(("name", "found"), [("none.yaml", "nothing there"), ("", "a folder")])
def test_files_that_are_none(tmp_path, name, found):
    path = tmp_path / name
    with pytest.raises(ConfigError) as caught:
        parse_file(path)
    assert str(caught.value) == f"{path}: expected a file, found {found}"


def test_an_impossible_file_name():
    with pytest.raises(ConfigError, match=r"^a\0b: expected a file, found nothing there$"):
        parse_file(Path("a\0b"))


def test_single_values_for_overrides():
    assert parse_value("{Adam: {learning_rate: 0.1}}", "-S o", ("o",)) == (
        {"Adam": {"learning_rate": 0.1}},
        {
            ("o",): Mark("-S o"),
            ("o", "Adam"): Mark("-S o"),
            ("o", "Adam", "learning_rate"): Mark("-S o"),
        },
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "-S a.b: expected a value after '=', got none"),
        ("5e-4", '-S a.b: YAML reads 5e-4 as text: write 5.0e-4, or quote it ("5e-4") if it is text'),
        ("{c: no}", '-S a.b: a.b.c: YAML reads no as a boolean: write true or false, or quote it ("no") if it is text'),
        ("{c: 1, c: 2}", "-S a.b: a.b.c: duplicate key"),
        ("[1", "-S a.b: not valid YAML: while parsing a flow sequence, expected ',' or ']', but got '<stream end>'"),
    ],
)
def test_single_values_that_are_refused(text, message):
    with pytest.raises(ConfigError) as caught:
        parse_value(text, "-S a.b", ("a", "b"))
    assert str(caught.value) == message
