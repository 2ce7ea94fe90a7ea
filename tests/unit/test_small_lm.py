"""The shipped language model: what its log says of it holds."""

from __future__ import annotations

import hashlib
import importlib
import json
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch")

import torch
from safetensors.torch import load_file

from autograder.lab import lm
from autograder.student.lab.lm.shipped import LOG, PATH

ROOT = Path(__file__).parents[2]
sys.path.append(str(ROOT / "solutions" / "small-lm"))
train = importlib.import_module("train")  # the script
KEPT = json.loads(LOG.read_text(encoding="utf-8"))


def test_was_trained_on_the_corpus_that_is_kept():
    data = train.CORPUS.read_bytes()
    assert hashlib.sha256(data).hexdigest() == KEPT["corpus_sha256"]
    assert len(data) < 400_000
    trained, held_out = train.read_corpus()
    assert KEPT["characters"] == {"trained": len(trained), "held_out": len(held_out)}
    assert 0.04 < len(held_out) / len(trained) < 0.1
    assert KEPT["recipe"] == vars(train.Recipe())


def test_is_small_and_read_once_a_process():
    assert PATH.stat().st_size == KEPT["bytes"] < 3_000_000
    model, other = lm.load(), lm.load()
    assert not model.training
    assert model.embed.weight.dtype is torch.float32
    assert len(model.embed.weight) == lm.END + 1
    with torch.no_grad():
        model.embed.weight.zero_()
    assert other.embed.weight.any()
    assert lm.load().embed.weight.any()


def test_is_worth_on_held_out_text_what_the_log_says():
    _, held_out = train.read_corpus()
    found = train.measure(load_file(PATH), held_out)
    assert found["held_out_loss"] == pytest.approx(KEPT["held_out_loss"], abs=1e-3)
    for name in ("mtp", "head 1", "head 2", "head 3"):
        assert found[name] == pytest.approx(KEPT[name], abs=2e-3)
    assert KEPT["mtp"]["acceptance"] > 0.6


def test_what_is_loaded_has_the_names_and_shapes_that_are_told():
    model, d = lm.load(), lm.load().embed.weight.shape[1]
    mtp = train.MTP(d, model.blocks[0].heads)
    mtp.load_state_dict(lm.load_mtp())
    heads = lm.load_medusa()
    assert len(heads) == 3
    for weights in heads:
        assert {name: tuple(t.shape) for name, t in weights.items()} == {
            "w1.weight": (d, d),
            "w2.weight": (lm.END + 1, d),
        }


def test_writes_words_of_the_course():
    model, cache = lm.load(), lm.Cache()
    tokens = lm.encode("The gradient of")[None]
    written = []
    for _ in range(40):
        tokens = model(tokens, cache)[:, -1:].argmax(-1)
        written.append(int(tokens))
    corpus = train.CORPUS.read_text(encoding="utf-8")
    words = lm.decode(written).split()[1:-1]
    assert words
    assert sum(word in corpus for word in words) >= len(words) / 2
