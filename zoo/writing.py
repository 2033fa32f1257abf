"""Write: a text goes on, token by token, as a network has learned it."""

import unicodedata
import warnings
from numbers import Integral, Real
from pathlib import Path

import numpy as np

from zoo import answering
from zoo.building import registry, stored
from zoo.core import random
from zoo.data.kinds import streams
from zoo.data.kinds.given import described
from zoo.engine import startup
from zoo.errors import Mistake
from zoo.run import Run

LENGTH, TEMPERATURE = 400, 0.8
STREAM = 2**32  # draws of a text, apart from those of an epoch's order
LONGEST = 10**6  # tokens


def write(
    run: Run | str | Path,
    prompt: str = "",
    *,
    length: int = LENGTH,
    temperature: float = TEMPERATURE,
    top_k: int = 0,
    seed: int = 0,
    trust: bool = False,
) -> str:
    """Go on with a text as a run has learned it.

    The text is a function of the run and these arguments, the same on every backend:
    draws are zoo's own, and the steps are NumPy's, see `zoo.layers.stepping`.

    Args:
        run: of a model of language, or its folder.
        prompt: how the text begins, in tokens that the training had; by default the
            end of a line, or if the training had none its first token.
        length: tokens to write, characters or words as the run learned them.
        temperature: what logits are divided by: below 1 the text is more usual, above
            it more daring; 0 takes the most probable token each time.
        top_k: draw from the so many most probable tokens only; 0 for all.
        seed: another one gives another text; 0 or more.
        trust: execute the run's own model file, see `zoo.run.open_run`.

    Returns:
        What comes after the prompt, without it.

    Raises:
        Mistake: the run learned something else, or its model keeps no states; the
            prompt holds what the training did not; or an argument is out of its range.
    """
    _check(prompt, length, temperature, top_k, seed)
    opened = answering.for_keras(run, trust)
    about = opened.about_data
    if not about.unit:
        raise Mistake(
            f"zoo write goes on with texts; {opened.folder} learned from {about.kind} "
            "data; train lstm_language on a text"
        )
    if not prompt:
        prompt = "\n" if "\n" in about.classes else about.classes[1]
    prompt = streams.with_plain_ends(prompt)
    read = streams.encode(prompt, about.unit, about.classes)
    for form in ("NFC", "NFD"):  # an accent of a letter, or behind it, as macOS writes
        if not read.all():
            other = unicodedata.normalize(form, prompt)
            read = streams.encode(other, about.unit, about.classes)
    if not read.all():
        raise Mistake(_strange(prompt, opened.folder, about.unit, about.classes))
    return "".join(
        about.classes[token]
        for token in _tokens(opened, read, length, temperature, top_k, seed)
    )


def _strange(prompt: str, folder: Path, unit: str, known: tuple[str, ...]) -> str:
    """What a prompt holds that a run does not know, and what comes near."""
    found = streams.strangers(prompt, unit, known)
    said = f"the prompt holds {streams.listed(found)}, which "
    if unit == "characters":
        return f"{said}the text that {folder} learned from does not; leave it out"
    said += f"{folder} does not know; it knows {len(known) - 1:,} words"
    if " " in found:
        return f"{said}, each with the one space before it; leave out other spaces"
    for word in found:
        other = word[1:] if word[0] == " " else f" {word}"
        if other in known:
            how = "without the space" if word[0] == " " else "with a space before it"
            return f"{said}, {other!r} among them: give it {how}"
    return f"{said}; leave it out"


def _tokens(run: Run, read: np.ndarray, length, temperature, top_k, seed):
    """One token after the other."""
    startup.import_keras()
    recipe = run.recipe
    if stored.is_own(recipe):
        if not run.trust:
            stored.check_trust(recipe, run.folder)
        recipe = stored.trusted(run.folder, recipe)
    module = registry.module(recipe.model)
    if not hasattr(module, "stepper"):
        raise Mistake(
            f"model {run.recipe.model} keeps no states; give its file a function "
            "stepper(model), as lstm_language has it"
        )
    stepper = module.stepper(run.model)
    for token in read:
        logits = stepper.step(int(token))
    drawn = random.words(length, seed, STREAM) / 2.0**64
    for number in drawn:
        if not np.isfinite(logits).all():
            raise Mistake(f"the model of {run.folder} answers NaN; train it again")
        token = _chosen(logits, float(number), temperature, top_k)
        yield token
        logits = stepper.step(token)


def _chosen(logits: np.ndarray, drawn: float, temperature: float, top_k: int) -> int:
    """The token at which the probabilities, added up, are above a number in [0, 1)."""
    logits = logits.copy()
    logits[0] = -np.inf  # the unknown token
    if not temperature:
        return int(logits.argmax())
    if 0 < top_k < len(logits):
        least = np.partition(logits, -top_k)[-top_k]
        logits[logits < least] = -np.inf
    with np.errstate(over="ignore"):  # next to 0 it is as 0
        shares = np.exp((logits - logits.max()) / temperature)
    sums = np.cumsum(shares)
    return int(np.searchsorted(sums, drawn * sums[-1], side="right"))


def _check(prompt, length, temperature, top_k, seed) -> None:
    if prompt is not None and not isinstance(prompt, str):
        raise Mistake(f"the prompt is {described(prompt)}; give a text in quotes")
    for name, count in {"length": length, "top_k": top_k, "seed": seed}.items():
        if isinstance(count, bool) or not isinstance(count, Integral):
            raise Mistake(f"{name}={count!r}; accepted: a whole number")
    if isinstance(temperature, bool) or not isinstance(temperature, Real):
        raise Mistake(f"temperature={temperature!r}; accepted: a number, such as 0.8")
    if not 1 <= length <= LONGEST:
        raise Mistake(f"length={length}; accepted: 1 to {LONGEST:,} tokens")
    if not 0 <= temperature <= 100:
        raise Mistake(f"temperature={temperature}; accepted: 0 to 100, such as 0.8")
    if top_k < 0:
        raise Mistake(f"top_k={top_k}; accepted: 0 for all, or 1 or more")
    idle = {"top_k": top_k, "seed": seed}
    for name, value in idle.items() if not temperature else ():
        if value:
            warnings.warn(
                f"{name}={value} has no effect: temperature=0 takes what is most "
                "probable each time",
                stacklevel=3,
            )
