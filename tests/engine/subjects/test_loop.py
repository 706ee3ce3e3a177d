"""One loop for every stage: resumed runs are unbroken runs."""

import math
from contextlib import nullcontext, suppress
from dataclasses import replace

import pytest
import torch
from torch import nn

from studio.engine.subjects import checkpoint, loop
from studio.engine.subjects.loop import Plan, RunIdentity, check_goes_on, fit, rate_at
from studio.spec.progress import Cancelled
from studio.spec.refusal import Refusal

PLAN = Plan("test", steps=12, rate=0.05, warmup=3, checkpoint_seconds=1e9)


def network() -> nn.Module:
    torch.manual_seed(3)
    return nn.Sequential(nn.Linear(4, 8), nn.SiLU(), nn.Linear(8, 1))


def loss_of(net: nn.Module):
    def loss_at(step: int) -> torch.Tensor:
        x = torch.randn(16, 4, generator=torch.Generator().manual_seed(step))
        return (net(x) - x.sum(1, keepdim=True)).square().mean()

    return loss_at


def run(folder, plan=PLAN, tick=lambda _: None, net=None):
    net = net or network()
    return net, fit(net, loss_of(net), plan, folder, tick=tick)


def equal(one: dict, two: dict) -> bool:
    return one.keys() == two.keys() and all(torch.equal(one[k], two[k]) for k in one)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """An unbroken run: its folder, network and averages."""
    folder = tmp_path_factory.mktemp("whole")
    return folder, *run(folder)


def test_it_learns(whole):
    losses = []
    run(None, replace(PLAN, steps=200), lambda p: losses.append(p.loss))
    assert sum(losses[-20:]) < 0.3 * sum(losses[:20])


@pytest.mark.parametrize("stop", [1, 5, 11])
def test_cancelled_and_resumed_is_unbroken(whole, tmp_path, stop):
    """Parameters, averages and optimiser, bit for bit; no finished step is done again."""

    def tick(progress):
        if progress.step == stop:
            raise Cancelled

    with pytest.raises(Cancelled):
        run(tmp_path, tick=tick)
    heard = []
    net, average = run(tmp_path, tick=heard.append)
    assert [p.step for p in heard] == list(range(stop + 1, 13))
    assert equal(net.state_dict(), whole[1].state_dict())
    assert equal(average, whole[2])
    (_, ours, _), (_, theirs, _) = checkpoint.load(tmp_path), checkpoint.load(whole[0])
    assert equal(ours, theirs)
    assert any(key.startswith("optimizer.0.exp_avg") for key in ours)


def test_killed_and_resumed_is_unbroken(whole, tmp_path):
    """A process that is killed cannot store anything: it goes on from the last checkpoint."""
    every = replace(PLAN, checkpoint_seconds=-1.0)

    def tick(progress):
        if progress.step == 7:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, every, tick)
    net, average = run(tmp_path)
    assert equal(net.state_dict(), whole[1].state_dict())
    assert equal(average, whole[2])


@pytest.mark.parametrize("where", ["loss", "backward", "optimizer", "average", "tick"])
@pytest.mark.parametrize("stop", [1, 6])
def test_ctrl_c_at_any_moment_of_an_update_goes_on_unbroken(
    whole, tmp_path, monkeypatch, where, stop
):
    """KeyboardInterrupt comes between any two lines; half an update is never stored."""
    net, told = network(), []

    def interrupted(call, of=where):
        def instead(*args, **kwargs):
            if of == where and len(told) == stop:
                made = call(*args, **kwargs) if of != "average" else None
                del made
                raise KeyboardInterrupt
            return call(*args, **kwargs)

        return instead

    loss_at = interrupted(loss_of(net), "loss")
    monkeypatch.setattr(torch.Tensor, "backward", interrupted(torch.Tensor.backward, "backward"))
    step = torch.optim.AdamW.step
    monkeypatch.setattr(torch.optim.AdamW, "step", interrupted(step, "optimizer"))
    monkeypatch.setattr(torch, "_foreach_lerp_", interrupted(torch._foreach_lerp_, "average"))
    with pytest.raises(KeyboardInterrupt):
        fit(net, loss_at, PLAN, tmp_path, tick=interrupted(told.append, "tick"))
    monkeypatch.undo()
    found = checkpoint.load(tmp_path)
    if where in ("loss", "backward"):
        assert found[0] == stop
    elif where == "tick":
        assert found[0] == stop + 1
    else:
        assert found is None, "a state that is not whole is not stored"
    net, average = run(tmp_path)
    assert equal(net.state_dict(), whole[1].state_dict())
    assert equal(average, whole[2])


def test_a_run_that_ended_learns_on(tmp_path):
    """More steps: weights, averages and the optimiser's counts and moments are those of its end."""
    short, longer = replace(PLAN, steps=8), replace(PLAN, steps=12)
    run(tmp_path, short)
    _, at_end, _ = checkpoint.load(tmp_path)
    heard, first = [], []

    def tick(progress):
        heard.append(progress.step)
        if progress.step == 9:
            raise Cancelled

    net = network()
    seen = torch.optim.AdamW.step

    def step(self, *args):
        if not first:
            live = {f"live.{k}": v.detach().clone() for k, v in net.named_parameters()}
            first.append({**live, **checkpoint.optimizer_tensors(self)})
            first[0] = {k: v.clone() for k, v in first[0].items()}
        return seen(self, *args)

    torch.optim.AdamW.step = step
    try:
        with pytest.raises(Cancelled):
            run(tmp_path, longer, tick, net)
    finally:
        torch.optim.AdamW.step = seen
    assert heard == [9]
    assert equal(first[0], {k: v for k, v in at_end.items() if not k.startswith("average")})
    run(tmp_path, longer, heard.append)
    assert [getattr(p, "step", p) for p in heard] == [9, 10, 11, 12]
    _, ours, _ = checkpoint.load(tmp_path)
    assert float(ours["optimizer.0.step"]) == 12


IDENTITY = RunIdentity("way", "photos")


@pytest.mark.parametrize(
    ("identity", "steps", "over", "goes_on"),
    [
        (IDENTITY, 12, False, True),
        (IDENTITY, 13, False, False),
        (RunIdentity("way", "other"), 12, False, False),
        (RunIdentity("other", "photos"), 12, False, False),
        (IDENTITY, 12, True, True),
        (IDENTITY, 13, True, True),
        (RunIdentity("way", "other"), 13, True, True),
        (RunIdentity("other", "photos"), 13, True, False),
        (IDENTITY, 11, True, False),
    ],
)
def test_what_may_go_on(tmp_path, identity, steps, over, goes_on):
    def stop(progress):
        if progress.step == 5 and not over:
            raise Cancelled

    with suppress(Cancelled):
        fit(n := network(), loss_of(n), PLAN, tmp_path, tick=stop, identity=IDENTITY)
    asked = replace(PLAN, steps=steps)
    with nullcontext() if goes_on else pytest.raises(Refusal, match="other photos or settings"):
        check_goes_on(tmp_path, asked, identity)
        fit(n := network(), loss_of(n), asked, tmp_path, identity=identity)


@pytest.mark.parametrize("over", [False, True])
def test_where_a_training_was_begun_is_said(tmp_path, over):
    def stop(progress):
        if progress.step == 5 and not over:
            raise Cancelled

    there = replace(IDENTITY, device="cpu")
    with suppress(Cancelled):
        fit(n := network(), loss_of(n), PLAN, tmp_path, tick=stop, identity=there)
    check_goes_on(
        tmp_path, PLAN, replace(IDENTITY, device="cuda")
    )  # the same weights: nothing lost
    with pytest.raises(Refusal, match=r"another device \(cpu\)") as refused:
        check_goes_on(tmp_path, PLAN, RunIdentity("halved weights", "photos", "cuda"))
    assert "--device cpu" in refused.value.hint


def test_of_older_trainings_nobody_knows_the_device(tmp_path):
    fit(n := network(), loss_of(n), PLAN, tmp_path, identity=IDENTITY)
    notes = {"steps": PLAN.steps, "way": "way", "material": "photos"}
    checkpoint.save(tmp_path, PLAN.steps, checkpoint.load(tmp_path)[1], notes)
    check_goes_on(tmp_path, PLAN, replace(IDENTITY, device="cuda"))
    with pytest.raises(Refusal, match="other photos or settings"):
        check_goes_on(tmp_path, PLAN, RunIdentity("other", "photos", "cuda"))


def test_checkpoints_take_a_twentieth_of_the_time_at_most(tmp_path, monkeypatch):
    clock = [0.0]
    monkeypatch.setattr(loop.time, "monotonic", lambda: clock[0])
    save, at = checkpoint.save, []

    def slow(*args):
        clock[0] += 10
        at.append(clock[0])
        return save(*args)

    monkeypatch.setattr(checkpoint, "save", slow)

    def tick(_):
        clock[0] += 1

    run(tmp_path, replace(PLAN, steps=1000, checkpoint_seconds=2), tick)
    written = 10 * (len(at) - 1)  # but for that at the end
    assert len(at) - 1 >= 3
    assert written <= 0.06 * (1000 + written)


def test_a_finished_run_is_only_read(whole):
    heard = []
    net, average = run(whole[0], tick=heard.append)
    assert heard == []
    assert equal(net.state_dict(), whole[1].state_dict())
    assert equal(average, whole[2])


def test_without_resume_it_starts_again(whole, tmp_path):
    run(tmp_path, replace(PLAN, steps=5))
    heard, net = [], network()
    fit(net, loss_of(net), PLAN, tmp_path, tick=heard.append, resume=False)
    assert heard[0].step == 1
    assert equal(net.state_dict(), whole[1].state_dict())


def test_the_rate_in_closed_form():
    plan = Plan("test", steps=110, rate=2e-3, warmup=10, final_rate=0.1)
    assert [rate_at(plan, k) for k in (0, 4, 9)] == pytest.approx([2e-4, 1e-3, 2e-3])
    assert rate_at(plan, 10) == pytest.approx(2e-3)
    assert rate_at(plan, 60) == pytest.approx(2e-3 * 0.55)
    assert rate_at(plan, 35) == pytest.approx(2e-3 * (0.1 + 0.45 * (1 + math.cos(math.pi / 4))))
    assert rate_at(plan, 110) == rate_at(plan, 500) == pytest.approx(2e-4)
    rates = [rate_at(plan, k) for k in range(9, 111)]
    assert rates == sorted(rates, reverse=True)


def test_the_optimiser_gets_that_rate():
    """AdamW's first step moves every weight by the rate, whatever its gradient."""
    net, before = network(), network().state_dict()
    fit(net, loss_of(net), replace(PLAN, steps=1, decay=0.0, clip=1e9), None)
    for name, p in net.named_parameters():
        torch.testing.assert_close(
            (p - before[name]).abs(), torch.full_like(p, 0.05 / 3), atol=1e-5, rtol=0
        )


def test_the_average_in_closed_form():
    net, seen = network(), []
    average = fit(
        net,
        loss_of(net),
        replace(PLAN, ema=0.5),
        None,
        tick=lambda _: seen.append({k: p.detach().clone() for k, p in net.named_parameters()}),
    )
    expected = {k: p.detach().clone() for k, p in network().named_parameters()}
    for step, live in enumerate(seen):
        keep = min(0.5, (step + 1) / (step + 10))
        expected = {k: keep * expected[k] + (1 - keep) * live[k] for k in live}
    for name, value in average.items():
        torch.testing.assert_close(value, expected[name])


def test_without_averaging_the_live_weights_return():
    net, average = run(None, replace(PLAN, ema=0.0))
    assert equal(average, net.state_dict())


def test_frozen_parameters_stay_and_are_not_stored(tmp_path):
    net = network()
    net[0].requires_grad_(False)
    before = net[0].weight.clone()
    _, average = run(tmp_path, net=net)
    assert torch.equal(net[0].weight, before)
    assert set(average) == {"2.weight", "2.bias"}
    assert not any("live.0." in key for key in checkpoint.load(tmp_path)[1])


def infinite_loss(net):
    return net(torch.ones(1, 4)).sum() * math.inf


def infinite_slope(net):
    """0 as a value, but the root's slope at 0 is not finite."""
    return (net[2].bias * 0).sum().sqrt()


@pytest.mark.parametrize(("bad", "what"), [(infinite_loss, "loss"), (infinite_slope, "gradient")])
def test_what_is_no_number_stops_with_the_last_good_state(tmp_path, bad, what):
    net = network()
    good = loss_of(net)
    every = replace(PLAN, checkpoint_seconds=-1.0)
    with pytest.raises(Refusal, match=what) as refusal:
        fit(net, lambda step: bad(net) if step == 6 else good(step), every, tmp_path)
    assert "step 6" in refusal.value.what
    assert "lower learning rate" in refusal.value.hint
    step, tensors, _ = checkpoint.load(tmp_path)
    assert step == 6
    assert all(t.isfinite().all() for t in tensors.values())
    assert all(p.isfinite().all() for p in net.parameters())


def test_progress_is_told_every_step():
    heard = []
    run(None, tick=heard.append)
    assert [(p.stage, p.step, p.total) for p in heard] == [("test", k, 12) for k in range(1, 13)]
    assert all(p.loss > 0 for p in heard)


def test_a_damaged_checkpoint_is_said(whole, tmp_path):
    heard = []
    for steps in (4, 8):
        run(tmp_path, replace(PLAN, steps=steps))
    newest = max(tmp_path.glob("*.safetensors"))
    newest.write_bytes(newest.read_bytes()[:-20])
    run(tmp_path, replace(PLAN, steps=8), heard.append)
    assert heard[0].note == "The newest checkpoint is damaged; going on from step 4."
    assert [p.step for p in heard] == [0, 5, 6, 7, 8]


@pytest.mark.parametrize(
    "other", [nn.Linear(4, 1), nn.Sequential(nn.Linear(4, 9), nn.Linear(9, 1))]
)
def test_a_checkpoint_of_another_network_is_refused(whole, other):
    before = {k: v.clone() for k, v in other.state_dict().items()}
    with pytest.raises(Refusal, match="another network"):
        run(whole[0], net=other)
    assert equal(other.state_dict(), before)
