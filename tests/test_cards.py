"""No claim of a model's card goes untested."""

import ast
import re
from dataclasses import dataclass, field

import pytest
from every_model import each_model, param

import zoo

pytestmark = pytest.mark.once


@dataclass
class Claim:
    """A line `Parameters: ...` of a card, and the table below it."""

    arguments: dict
    parameters: int
    stages: list[tuple[str, tuple, int]] = field(default_factory=list)


def number(text):
    return int(text.replace(",", ""))


def claims(card):
    found = []
    for line in card.splitlines():
        cells = [cell.strip() for cell in line.split("|")]
        if line.startswith("Parameters:"):
            count, text = re.fullmatch(r"Parameters: ([\d,]+) \((.+)\)", line).groups()
            text = "" if text == "defaults" else text
            keywords = ast.parse(f"build({text})").body[0].value.keywords
            arguments = {k.arg: ast.literal_eval(k.value) for k in keywords}
            found.append(Claim(arguments, number(count)))
        elif len(cells) == 3 and cells[0] != "stage" and set(cells[0]) != {"-"}:
            stage, shape, count = cells
            found[-1].stages.append((stage, ast.literal_eval(shape), number(count)))
    return found


def shape_claimed(card, word):
    (text,) = re.findall(rf"^{word}: (\(.*?\)) ", card, flags=re.MULTILINE)
    return ast.literal_eval(text)


CLAIMS = [
    param(name, claim, id=f"{name}-{claim.arguments}")
    for name in zoo.names()
    for claim in claims(zoo.card(name))
]


@pytest.mark.parametrize(("name", "claim"), CLAIMS)
def test_card_counts_parameters_and_shapes(name, claim):
    model = zoo.build(name, **claim.arguments)
    assert model.count_params() == claim.parameters
    layers = [model.get_layer(stage) for stage, _, _ in claim.stages]
    built = [(la.name, la.output.shape[1:], la.count_params()) for la in layers]
    assert built == claim.stages
    if claim.stages:
        assert sum(count for _, _, count in claim.stages) == claim.parameters


@each_model
def test_card_has_every_part(name):
    card = zoo.card(name)
    assert re.match(r".{1,87}\.\n\n", card), "first a sentence on a line of its own"
    assert re.search(r"doi:10\.\d{4,}/|arXiv:\d{4}\.\d{4,5}", card)
    assert any(claim.stages for claim in claims(card))
    assert re.search(r"^Differs from the paper", card, flags=re.MULTILINE)
    assert re.search(r"^Output: .*(logits|raw score|numbers)", card, flags=re.MULTILINE)


@each_model
def test_card_tells_what_goes_in_and_comes_out(name):
    card = zoo.card(name)
    model = zoo.build(name, **claims(card)[0].arguments)
    assert shape_claimed(card, "Input") == model.input_shape[1:]
    assert shape_claimed(card, "Output") == model.output_shape[1:]
    dtype = model.inputs[0].dtype
    assert re.search(rf"^Input: .*\b{dtype}\b", card, flags=re.MULTILINE)
