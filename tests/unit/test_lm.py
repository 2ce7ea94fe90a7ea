"""The course's language model: its parts hold what their docstrings say."""

from __future__ import annotations

import pytest

pytest.importorskip("torch")

import torch

from autograder.lab import lm
from autograder.student.lab.lm.model import causal, rotate

V, D, HEADS = 11, 16, 2


def model(layers: int = 3, seed: int = 0) -> lm.SmallLM:
    torch.manual_seed(seed)
    return lm.SmallLM(V, D, layers, HEADS).double().eval()


def tokens(count: int, batch: int = 2, seed: int = 1) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, V, (batch, count), generator=generator)


def test_a_cache_changes_nothing_however_the_text_is_cut() -> None:
    net, text = model(), tokens(9)
    whole = net(text)
    for cuts in ([1] * 9, [4, 5], [8, 1], [2, 3, 4]):
        cache = lm.Cache()
        parts = [net(part, cache) for part in text.split(cuts, dim=1)]
        torch.testing.assert_close(torch.cat(parts, dim=1), whole)
        assert cache.length == 9


def test_hidden_comes_before_the_norm_and_passes_are_counted() -> None:
    net, text = model(), tokens(5)
    hidden = net.hidden(text)
    assert hidden.shape == (2, 5, D)
    torch.testing.assert_close(net.head(net.norm(hidden)), net(text))
    assert net.passes == 2


def test_later_tokens_change_nothing_before_them() -> None:
    net, text = model(), tokens(6)
    changed = text.clone()
    changed[:, 4] = (changed[:, 4] + 1) % V
    torch.testing.assert_close(net(changed)[:, :4], net(text)[:, :4])
    assert not torch.allclose(net(changed)[:, 4:], net(text)[:, 4:])


def test_positions_count_relatively() -> None:
    net, text = model(), tokens(6)
    moved = net(text, positions=torch.arange(6) + 37)
    torch.testing.assert_close(moved, net(text))
    spread = net(text, positions=2 * torch.arange(6))
    assert not torch.allclose(spread, net(text))


def test_rotation_is_by_distance() -> None:
    generator = torch.Generator().manual_seed(2)
    q, k = torch.randn(2, 1, 1, 1, 8, generator=generator, dtype=torch.float64)

    def product(i: int, j: int) -> float:
        turned = rotate(q, torch.tensor([i])) * rotate(k, torch.tensor([j]))
        return float(turned.sum())

    assert product(3, 1) == pytest.approx(product(13, 11), rel=1e-5)
    assert product(3, 1) != pytest.approx(product(1, 3), rel=1e-3)
    assert product(5, 5) == pytest.approx(float((q * k).sum()))


def test_a_tree_pass_equals_a_pass_down_each_path() -> None:
    # 0 -> 1 -> 3 and 0 -> 2: after a prompt in the cache
    net, prompt, tree = model(), tokens(4, batch=1), tokens(4, batch=1, seed=3)
    paths, depths = [[0], [0, 1], [0, 2], [0, 1, 3]], [0, 1, 1, 2]
    cache = lm.Cache()
    net(prompt, cache)
    mask = torch.zeros(4, 8, dtype=torch.bool)
    mask[:, :4] = True
    for node, path in enumerate(paths):
        mask[node, [4 + above for above in path]] = True
    got = net(tree, cache, positions=4 + torch.tensor(depths), mask=mask)
    for node, path in enumerate(paths):
        alone = net(torch.cat([prompt, tree[:, path]], dim=1))
        torch.testing.assert_close(got[:, node], alone[:, -1])
    # the path to the last node is kept: reading goes on as if there were no other
    cache.keep([0, 1, 2, 3, 4, 5, 7])
    after = tokens(2, batch=1, seed=4)
    plain = net(torch.cat([prompt, tree[:, [0, 1, 3]], after], dim=1))
    torch.testing.assert_close(net(after, cache), plain[:, -2:])


def test_truncated_slots_leave_no_trace() -> None:
    net, text = model(), tokens(7)
    cache = lm.Cache()
    net(text, cache)
    cache.truncate(3)
    assert cache.length == 3
    torch.testing.assert_close(net(text[:, 3:], cache), net(text)[:, 3:])
    cache.truncate(0)
    torch.testing.assert_close(net(text, cache), net(text))


def test_a_cache_refuses_slots_that_it_does_not_have() -> None:
    cache = lm.Cache()
    cache.truncate(0)
    model()(tokens(3), cache)
    with pytest.raises(ValueError, match="no length 4: the cache has 3 slots"):
        cache.truncate(4)
    with pytest.raises(ValueError, match=r"no rows \[0, 3\]"):
        cache.keep([0, 3])
    with pytest.raises(ValueError, match=r"no rows \[-1\]"):
        cache.keep(torch.tensor([-1]))
    cache.keep([])
    assert cache.length == 0


def test_a_mask_with_no_cache_is_square_and_causal() -> None:
    assert causal(2, 4).tolist() == [
        [True, True, True, False],
        [True, True, True, True],
    ]


def test_rms_norm() -> None:
    norm = lm.RMSNorm(4)
    x = torch.tensor([[3.0, -4.0, 0.0, 0.0]])
    torch.testing.assert_close(norm(x), x / 2.5)
    assert norm(torch.zeros(2, 4)).tolist() == [[0.0] * 4] * 2


def test_characters_and_ids() -> None:
    text = "So f(x) = 2,\nand {g} ~ 1!"
    assert lm.decode(lm.encode(text)) == text
    assert lm.encode(" a").dtype == torch.int64
    assert lm.encode(" ").tolist() == [0]
    assert lm.encode("").shape == (0,)
    assert lm.decode([*lm.encode("ab").tolist(), lm.END]) == "ab"
    assert len(set(lm.VOCABULARY)) == len(lm.VOCABULARY) == lm.END
    with pytest.raises(ValueError, match="does not know the character '×'"):
        lm.encode("2 × 2")
    with pytest.raises(ValueError, match="no id 97"):
        lm.decode([97])
