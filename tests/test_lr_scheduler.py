"""The schedules of learning rates: float by float as PyTorch's, and a few by hand."""

import copy
import math
import pickle
import warnings

import pytest

import minitorch as mt

#: A factory per case: from a library and an optimizer of it to a scheduler.
CASES = {
    "LambdaLR": lambda s, o: s.LambdaLR(o, lambda epoch: 0.95**epoch),
    "LambdaLR list": lambda s, o: s.LambdaLR(o, [lambda e: 0.9**e, lambda e: 1 / (1 + e)]),
    "MultiplicativeLR": lambda s, o: s.MultiplicativeLR(o, lambda epoch: 1 - 1 / (epoch + 5)),
    "StepLR": lambda s, o: s.StepLR(o, 7),
    "StepLR gamma": lambda s, o: s.StepLR(o, step_size=3, gamma=0.7),
    "MultiStepLR": lambda s, o: s.MultiStepLR(o, [2, 30, 9, 9]),
    "MultiStepLR gamma": lambda s, o: s.MultiStepLR(o, milestones=(0, 5), gamma=0.3),
    "ConstantLR": lambda s, o: s.ConstantLR(o),
    "ConstantLR factor": lambda s, o: s.ConstantLR(o, factor=0.7, total_iters=12),
    "LinearLR": lambda s, o: s.LinearLR(o),
    "LinearLR factors": lambda s, o: s.LinearLR(o, 0.9, 0.1, total_iters=23),
    "LinearLR to zero": lambda s, o: s.LinearLR(o, 1.0, 0.0, total_iters=10),
    "ExponentialLR": lambda s, o: s.ExponentialLR(o, 0.93),
    "PolynomialLR": lambda s, o: s.PolynomialLR(o),
    "PolynomialLR power": lambda s, o: s.PolynomialLR(o, total_iters=37, power=1.7),
    "CosineAnnealingLR": lambda s, o: s.CosineAnnealingLR(o, 10),
    "CosineAnnealingLR eta_min": lambda s, o: s.CosineAnnealingLR(o, T_max=17, eta_min=1e-3),
    "CosineAnnealingWarmRestarts": lambda s, o: s.CosineAnnealingWarmRestarts(o, 7),
    "CosineAnnealingWarmRestarts mult": lambda s, o: s.CosineAnnealingWarmRestarts(
        o, T_0=5, T_mult=2, eta_min=1e-3
    ),
    "CyclicLR": lambda s, o: s.CyclicLR(o, 0.01, 0.1, step_size_up=7),
    "CyclicLR triangular2": lambda s, o: s.CyclicLR(
        o, [0.01, 0.02], [0.1, 0.3], step_size_up=5, step_size_down=9, mode="triangular2"
    ),
    "CyclicLR exp_range": lambda s, o: s.CyclicLR(
        o, 0.01, 0.1, step_size_up=6, mode="exp_range", gamma=0.97, base_momentum=[0.7, 0.75]
    ),
    "CyclicLR scale_fn": lambda s, o: s.CyclicLR(
        o, 0.01, 0.1, 6, scale_fn=lambda x: 1 / (5 ** (x * 0.0001)), scale_mode="iterations"
    ),
    "CyclicLR no momentum": lambda s, o: s.CyclicLR(o, 0.01, 0.1, 6, cycle_momentum=False),
    "OneCycleLR": lambda s, o: s.OneCycleLR(o, 0.1, total_steps=70),
    "OneCycleLR epochs": lambda s, o: s.OneCycleLR(
        o, [0.1, 0.5], epochs=7, steps_per_epoch=10, pct_start=0.45, div_factor=10.0
    ),
    "OneCycleLR linear": lambda s, o: s.OneCycleLR(
        o, 0.1, 64, anneal_strategy="linear", base_momentum=0.6, max_momentum=[0.9, 0.99]
    ),
    "OneCycleLR three phases": lambda s, o: s.OneCycleLR(
        o, 0.1, 70, three_phase=True, final_div_factor=100.0
    ),
    "OneCycleLR no momentum": lambda s, o: s.OneCycleLR(o, 0.1, 70, cycle_momentum=False),
    "SequentialLR": lambda s, o: s.SequentialLR(
        o,
        [s.LinearLR(o, 0.1, total_iters=6), s.CosineAnnealingLR(o, 20), s.ExponentialLR(o, 0.9)],
        [6, 40],
    ),
    "SequentialLR restarts": lambda s, o: s.SequentialLR(
        o, [s.ConstantLR(o, 0.1, 4), s.CosineAnnealingWarmRestarts(o, 6, 2)], milestones=[8]
    ),
    "SequentialLR nested": lambda s, o: s.SequentialLR(
        o,
        [s.SequentialLR(o, [s.StepLR(o, 3), s.ExponentialLR(o, 0.9)], [7]), s.PolynomialLR(o, 30)],
        [20],
    ),
    "SequentialLR at once": lambda s, o: s.SequentialLR(
        o, [s.ConstantLR(o, 0.1, 4), s.ExponentialLR(o, 0.9)], milestones=[0]
    ),
    "ChainedScheduler": lambda s, o: s.ChainedScheduler(
        [s.ConstantLR(o, 0.1, 4), s.ExponentialLR(o, 0.9)]
    ),
    "ChainedScheduler three": lambda s, o: s.ChainedScheduler(
        [s.LinearLR(o, 0.5, total_iters=9), s.StepLR(o, 4, 0.8), s.CosineAnnealingLR(o, 30)], o
    ),
}
CLOSED_FORMS = [
    name
    for name in CASES
    if name.startswith(
        ("StepLR", "MultiStepLR", "ConstantLR", "LinearLR", "Expo", "Poly", "CosineAnnealingLR")
    )
]
STEPS = 61


def test_every_scheduler_has_cases():
    bases = {"LRScheduler", "_LRScheduler"}
    apart = {"ReduceLROnPlateau"}  # steps by a metric: its own tests
    assert set(mt.optim.lr_scheduler.__all__) - bases - apart == {case.split()[0] for case in CASES}


@pytest.fixture
def torch():
    return pytest.importorskip("torch")


def make_optimizer(lib, kind="SGD", lr=0.1):
    groups = [{"params": [lib.zeros(1)]}, {"params": [lib.zeros(2)], "lr": lr / 3}]
    options = {"momentum": 0.9} if kind == "SGD" else {}
    return getattr(lib.optim, kind)(groups, lr=lr, **options)


def make(lib, case, kind="SGD"):
    optimizer = make_optimizer(lib, kind)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return optimizer, CASES[case](lib.optim.lr_scheduler, optimizer)


def snapshot(optimizer, scheduler):
    """All that a schedule may change, exactly."""
    return [
        (group["lr"], group.get("momentum"), group.get("betas")) for group in optimizer.param_groups
    ] + list(scheduler.get_last_lr())


def advance(optimizer, scheduler, steps=STEPS):
    record = [snapshot(optimizer, scheduler)]
    for _ in range(steps):
        optimizer.step()
        scheduler.step()
        record.append(snapshot(optimizer, scheduler))
    return record


def comparable(state):
    """A scheduler's state dict without the functions of the user."""
    if isinstance(state, dict):
        return {key: comparable(value) for key, value in state.items() if not callable(value)}
    if isinstance(state, list):
        return [comparable(value) for value in state]
    return state


@pytest.mark.compare
@pytest.mark.parametrize("kind", ["SGD", "Adam"])
@pytest.mark.parametrize("case", CASES)
def test_rates_and_momentums_equal_torchs(torch, case, kind):
    ours, theirs = make(mt, case, kind), make(torch, case, kind)
    assert advance(*ours) == advance(*theirs)
    assert comparable(ours[1].state_dict()) == comparable(theirs[1].state_dict())
    assert list(ours[1].state_dict()) == list(theirs[1].state_dict())
    for our_group, their_group in zip(ours[0].param_groups, theirs[0].param_groups, strict=True):
        assert list(our_group) == list(their_group)
    assert repr(ours[0]) == repr(theirs[0])


@pytest.mark.compare
@pytest.mark.parametrize("case", CASES)
def test_state_dicts_resume_in_both_directions(torch, case):
    ours, theirs = make(mt, case), make(torch, case)
    straight = advance(*make(mt, case))
    advance(*ours, 20)
    advance(*theirs, 20)
    for source, lib in ((ours, mt), (theirs, mt), (ours, torch)):
        optimizer, scheduler = make(lib, case)
        scheduler.load_state_dict(copy.deepcopy(comparable_copy(source[1].state_dict())))
        optimizer.load_state_dict(source[0].state_dict())
        assert advance(optimizer, scheduler, STEPS - 20) == straight[20:]


def comparable_copy(state):
    """As a checkpoint holds it: containers and numbers."""
    return {key: value for key, value in state.items() if key != "_scale_fn_ref"}


@pytest.mark.compare
@pytest.mark.parametrize("case", CLOSED_FORMS)
def test_closed_forms_equal_torchs(torch, case):
    record = []
    for lib in (mt, torch):
        optimizer, scheduler = make(lib, case)
        optimizer.step()
        rates = []
        for epoch in [0, 3, 1, 9, 10, 33, 40, 5]:
            with pytest.warns(UserWarning, match="The epoch parameter in `scheduler.step"):
                scheduler.step(epoch)
            rates.append(snapshot(optimizer, scheduler))
        record.append(rates)
    assert record[0] == record[1]


@pytest.mark.parametrize("case", CLOSED_FORMS)
def test_chainable_form_is_the_closed_form(case):
    optimizer, scheduler = make(mt, case)
    for _ in range(30):
        optimizer.step()
        scheduler.step()
        for lr, closed in zip(
            scheduler.get_last_lr(), scheduler._get_closed_form_lr(), strict=True
        ):
            assert lr == pytest.approx(closed, rel=1e-9, abs=1e-12)


@pytest.mark.compare
@pytest.mark.parametrize(
    "case", [name for name in CASES if not name.startswith(("Seq", "Chained", "Cyc", "One"))]
)
def test_a_resumed_last_epoch_equals_torchs(torch, case):
    record = []
    for lib in (mt, torch):
        optimizer, scheduler = make(lib, case)
        advance(optimizer, scheduler, 6)
        schedulers = lib.optim.lr_scheduler
        name = type(scheduler).__name__
        arguments = {
            "LambdaLR": [lambda epoch: 0.95**epoch],
            "MultiplicativeLR": [lambda epoch: 0.95],
            "StepLR": [4],
            "MultiStepLR": [[7, 9]],
            "ExponentialLR": [0.9],
            "CosineAnnealingLR": [11],
            "CosineAnnealingWarmRestarts": [4, 2],
        }.get(name, [])
        resumed = getattr(schedulers, name)(optimizer, *arguments, last_epoch=5)
        record.append(advance(optimizer, resumed, 30))
    assert record[0] == record[1]


@pytest.mark.compare
def test_warm_restarts_take_fractions_as_torch(torch):
    record = []
    for lib in (mt, torch):
        optimizer, scheduler = make(lib, "CosineAnnealingWarmRestarts mult")
        rates = []
        for epoch in [0, 0.25, 0.5, 3.75, 4.999, 5, 5.1, 14.9, 15, 40, 2, 7]:
            scheduler.step(epoch)
            rates.append((snapshot(optimizer, scheduler), scheduler.T_cur, scheduler.T_i))
        record.append(rates)
    assert record[0] == record[1]


@pytest.mark.compare
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"patience": 2, "factor": 0.5},
        {"patience": 1, "cooldown": 3, "min_lr": [0.02, 0.001]},
        {"patience": 0, "mode": "max", "threshold": 0.05},
        {"patience": 1, "mode": "max", "threshold": 0.2, "threshold_mode": "abs"},
        {"patience": 1, "threshold_mode": "abs", "threshold": 0.1, "eps": 0.02},
        {"patience": 0, "min_lr": 0.03},
    ],
)
def test_plateau_equals_torchs(torch, options):
    record = []
    for lib in (mt, torch):
        optimizer = make_optimizer(lib)
        scheduler = lib.optim.lr_scheduler.ReduceLROnPlateau(optimizer, **options)
        rates = []
        for epoch in range(60):
            metric = math.cos(epoch * 0.7) * math.exp(-epoch / 10) + (epoch % 5) * 0.01
            metric = float("nan") if epoch == 33 else metric
            scheduler.step(lib.tensor(metric) if epoch % 2 else metric)
            rates.append((snapshot(optimizer, scheduler), scheduler.in_cooldown))
        record.append((rates, scheduler.state_dict()))
    assert record[0] == record[1]

    optimizer = make_optimizer(mt)
    resumed = mt.optim.lr_scheduler.ReduceLROnPlateau(optimizer)
    resumed.load_state_dict(record[1][1])
    assert resumed.state_dict() == record[1][1]


@pytest.mark.compare
def test_plateau_and_groups_added_later(torch):
    for lib in (mt, torch):
        optimizer = make_optimizer(lib)
        scheduler = lib.optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=0, min_lr=0.05)
        optimizer.add_param_group({"params": [lib.zeros(3)], "lr": 0.2})
        scheduler.step(1.0)
        scheduler.step(1.0)
        assert scheduler.get_last_lr() == [0.05, 0.1 / 3, 0.05]
        optimizer = make_optimizer(lib)
        scheduler = lib.optim.lr_scheduler.ReduceLROnPlateau(
            optimizer, patience=0, min_lr=[0.05, 0.05]
        )
        optimizer.add_param_group({"params": [lib.zeros(3)]})
        scheduler.step(1.0)
        with pytest.raises(RuntimeError, match="The number of param groups in the `optimizer`"):
            scheduler.step(1.0)


@pytest.mark.compare
@pytest.mark.parametrize("case", [name for name in CASES if "restarts" not in name.lower()])
def test_tensor_rates_equal_torchs(torch, case):
    record = []
    for lib in (mt, torch):
        rate = lib.tensor(0.1, dtype=lib.float64)
        optimizer = lib.optim.SGD([lib.zeros(1)], lr=rate, momentum=0.9)
        optimizer.add_param_group({"params": [lib.zeros(1)], "lr": 0.01})
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            scheduler = CASES[case](lib.optim.lr_scheduler, optimizer)
        rates = []
        for _ in range(20):
            rates.append([float(lr) for lr in scheduler.get_last_lr()])
            assert optimizer.param_groups[0]["lr"] is rate
            assert scheduler.get_last_lr()[0] is not rate
            optimizer.step()
            scheduler.step()
        record.append(rates)
    for ours, theirs in zip(*record, strict=True):
        assert ours == pytest.approx(theirs, rel=1e-14)


ERRORS = {
    "no optimizer": lambda s, o: s.StepLR(3, 2),
    "no optimizer, plateau": lambda s, o: s.ReduceLROnPlateau(3),
    "no optimizer, cyclic": lambda s, o: s.CyclicLR(3, 0.1, 0.2),
    "no optimizer, one cycle": lambda s, o: s.OneCycleLR(3, 0.1, 5),
    "resumed without rates": lambda s, o: s.StepLR(o, 2, last_epoch=3),
    "wrong count of lambdas": lambda s, o: s.LambdaLR(o, [len]),
    "wrong count of factors": lambda s, o: s.MultiplicativeLR(o, [len]),
    "factor not callable": lambda s, o: s.MultiplicativeLR(o, [3, 4]),
    "constant factor": lambda s, o: s.ConstantLR(o, factor=1.5),
    "linear start": lambda s, o: s.LinearLR(o, start_factor=0),
    "linear end": lambda s, o: s.LinearLR(o, end_factor=2),
    "restart length": lambda s, o: s.CosineAnnealingWarmRestarts(o, 0),
    "restart length is a float": lambda s, o: s.CosineAnnealingWarmRestarts(o, 2.5),
    "restart factor": lambda s, o: s.CosineAnnealingWarmRestarts(o, 5, T_mult=0),
    "restart minimum": lambda s, o: s.CosineAnnealingWarmRestarts(o, 5, eta_min="0"),
    "restart negative epoch": lambda s, o: s.CosineAnnealingWarmRestarts(o, 5).step(-1),
    "cyclic mode": lambda s, o: s.CyclicLR(o, 0.1, 0.2, mode="round"),
    "cyclic base": lambda s, o: s.CyclicLR(o, [0.1], 0.2),
    "cyclic max": lambda s, o: s.CyclicLR(o, 0.1, [0.2]),
    "one cycle length": lambda s, o: s.OneCycleLR(o, 0.1),
    "one cycle steps": lambda s, o: s.OneCycleLR(o, 0.1, total_steps=0),
    "one cycle epochs": lambda s, o: s.OneCycleLR(o, 0.1, epochs=-1, steps_per_epoch=2),
    "one cycle steps per epoch": lambda s, o: s.OneCycleLR(o, 0.1, epochs=1, steps_per_epoch=2.0),
    "one cycle start": lambda s, o: s.OneCycleLR(o, 0.1, 10, pct_start=1.5),
    "one cycle start is an int": lambda s, o: s.OneCycleLR(o, 0.1, 10, pct_start=1),
    "one cycle strategy": lambda s, o: s.OneCycleLR(o, 0.1, 10, anneal_strategy="sin"),
    "one cycle rates": lambda s, o: s.OneCycleLR(o, [0.1], 10),
    "plateau factor": lambda s, o: s.ReduceLROnPlateau(o, factor=1.0),
    "plateau mode": lambda s, o: s.ReduceLROnPlateau(o, mode="mid"),
    "plateau threshold": lambda s, o: s.ReduceLROnPlateau(o, threshold_mode="mid"),
    "plateau minima": lambda s, o: s.ReduceLROnPlateau(o, min_lr=[0.1]),
    "sequence of none": lambda s, o: s.SequentialLR(o, [], []),
    "sequence of numbers": lambda s, o: s.SequentialLR(o, [3], []),
    "sequence with plateau": lambda s, o: s.SequentialLR(o, [s.ReduceLROnPlateau(o)], []),
    "sequence of another": lambda s, o: s.SequentialLR(
        o, [s.StepLR(type(o)([{"params": o.param_groups[0]["params"]}], lr=1.0), 2)], []
    ),
    "sequence milestones": lambda s, o: s.SequentialLR(o, [s.StepLR(o, 2)], [3]),
    "chain of none": lambda s, o: s.ChainedScheduler([]),
    "chain with plateau": lambda s, o: s.ChainedScheduler([s.ReduceLROnPlateau(o)]),
    "chain of another": lambda s, o: s.ChainedScheduler(
        [s.StepLR(type(o)([{"params": o.param_groups[0]["params"]}], lr=1.0), 2)], o
    ),
    "no get_lr": lambda s, o: s.LRScheduler(o),
}


@pytest.mark.compare
@pytest.mark.parametrize("case", ERRORS)
def test_errors_as_torch(torch, case):
    caught = []
    for lib in (mt, torch):
        with pytest.raises(Exception) as info:
            ERRORS[case](lib.optim.lr_scheduler, make_optimizer(lib))
        caught.append(info.value)
    ours, theirs = caught
    assert type(ours) is type(theirs)
    first_words = " ".join(str(theirs).rstrip(".!").split()[:6])
    assert str(ours).startswith(first_words)


@pytest.mark.compare
@pytest.mark.parametrize(
    "build", [lambda s, o: s.OneCycleLR(o, 0.1, 5), lambda s, o: s.CyclicLR(o, 0.1, 0.2)]
)
def test_cycling_wants_an_optimizer_with_momentum(torch, build):
    for lib in (mt, torch):
        optimizer = lib.optim.Adagrad([lib.zeros(1)])
        with pytest.raises(ValueError, match="optimizer must support momentum or beta1"):
            build(lib.optim.lr_scheduler, optimizer)
    assert mt.optim.Adagrad([mt.zeros(1)]).param_groups[0]["lr"] == 0.01


@pytest.mark.compare
def test_one_cycle_ends(torch):
    for lib in (mt, torch):
        optimizer = make_optimizer(lib)
        scheduler = lib.optim.lr_scheduler.OneCycleLR(optimizer, 0.1, total_steps=5)
        for _ in range(5):
            optimizer.step()
            scheduler.step()
        with pytest.raises(ValueError, match="Tried to step 6 times"):
            scheduler.step()


def messages(action):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        action()
    return [str(warning.message).split("`")[0][:30] for warning in caught]


@pytest.mark.compare
def test_warnings_as_torch(torch):
    """The first words of what is said about steps in the wrong order."""
    record = []
    for lib in (mt, torch):
        said = []
        optimizer = make_optimizer(lib)
        scheduler = lib.optim.lr_scheduler.StepLR(optimizer, 2)
        said.append(messages(scheduler.step))
        said.append(messages(scheduler.step))

        optimizer = make_optimizer(lib)
        optimizer.step()
        scheduler = lib.optim.lr_scheduler.StepLR(optimizer, 2)
        said.append(messages(scheduler.step))

        optimizer = make_optimizer(lib)
        scheduler = lib.optim.lr_scheduler.StepLR(optimizer, 2)
        optimizer.step = lambda: None
        said.append(messages(scheduler.step))

        optimizer = make_optimizer(lib)
        scheduler = lib.optim.lr_scheduler.StepLR(optimizer, 2)
        optimizer.step()
        said.append(messages(scheduler.step))
        said.append(messages(scheduler.get_lr))
        said.append(messages(lambda scheduler=scheduler: scheduler.step(3)))
        second = lib.optim.lr_scheduler.ExponentialLR(optimizer, 0.5)
        said.append(messages(second.step))
        record.append(said)
    assert record[0] == record[1]
    assert [len(said) for said in record[0]] == [1, 0, 1, 1, 0, 1, 1, 0]


def test_callable_objects_are_saved_and_functions_are_not():
    class Decay:
        def __init__(self, base):
            self.base = base

        def __call__(self, epoch):
            return self.base**epoch

    schedulers = mt.optim.lr_scheduler
    saved = schedulers.LambdaLR(make_optimizer(mt), [Decay(0.5), lambda e: 1.0]).state_dict()
    assert saved["lr_lambdas"] == [{"base": 0.5}, None]
    loaded = schedulers.LambdaLR(make_optimizer(mt), [Decay(0.9), lambda e: 0.1])
    loaded.load_state_dict(saved)
    assert loaded.lr_lambdas[0].base == 0.5
    assert loaded.lr_lambdas[1](0) == 0.1
    assert "lr_lambdas" in saved

    def cyclic(base):
        return schedulers.CyclicLR(make_optimizer(mt), 0.1, 0.2, scale_fn=Decay(base))

    saved = cyclic(0.5).state_dict()
    assert saved["_scale_fn_custom"] == {"base": 0.5}
    loaded = cyclic(0.9)
    loaded.load_state_dict(saved)
    assert loaded.scale_fn(2) == 0.25


def test_own_schedulers():
    class Halving(mt.optim.lr_scheduler._LRScheduler):
        def get_lr(self):
            return [base / 2**self.last_epoch for base in self.base_lrs]

    optimizer = mt.optim.SGD([mt.zeros(1)], lr=8.0)
    scheduler = Halving(optimizer)
    assert [entry[0][0] for entry in advance(optimizer, scheduler, 3)] == [8, 4, 2, 1]
    assert isinstance(scheduler, mt.optim.lr_scheduler.LRScheduler)


def test_pickling_and_copying_keep_the_schedule():
    optimizer, scheduler = make(mt, "CosineAnnealingLR")
    advance(optimizer, scheduler, 7)
    twin = pickle.loads(pickle.dumps(scheduler))
    deep = copy.deepcopy(scheduler)
    expected = advance(optimizer, scheduler, 10)
    assert advance(twin.optimizer, twin, 10) == expected
    assert advance(deep.optimizer, deep, 10) == expected


def test_rates_by_hand():
    def rates(case, steps):
        optimizer = mt.optim.SGD([mt.zeros(1)], lr=1.0)
        scheduler = case(mt.optim.lr_scheduler, optimizer)
        return [entry[0][0] for entry in advance(optimizer, scheduler, steps)]

    assert rates(lambda s, o: s.StepLR(o, 2, 0.5), 5) == [1, 1, 0.5, 0.5, 0.25, 0.25]
    assert rates(lambda s, o: s.MultiStepLR(o, [1, 3], 0.5), 4) == [1, 0.5, 0.5, 0.25, 0.25]
    assert rates(lambda s, o: s.LinearLR(o, 0.5, total_iters=2), 3) == [0.5, 0.75, 1, 1]
    assert rates(lambda s, o: s.ConstantLR(o, 0.5, 2), 3) == [0.5, 0.5, 1, 1]
    cosine = rates(lambda s, o: s.CosineAnnealingLR(o, 4), 4)
    assert cosine == pytest.approx([(1 + math.cos(math.pi * t / 4)) / 2 for t in range(5)])
    power = rates(lambda s, o: s.PolynomialLR(o, 4, 2.0), 5)
    assert power == pytest.approx([1, 9 / 16, 1 / 4, 1 / 16, 0, 0])


def test_printed_states_keep_torchs_order():
    _, scheduler = make(mt, "LambdaLR")
    assert list(scheduler.state_dict())[-1] == "lr_lambdas"
    optimizer = make_optimizer(mt)
    plateau = mt.optim.lr_scheduler.ReduceLROnPlateau(optimizer)
    assert list(plateau.state_dict())[:3] == ["factor", "default_min_lr", "min_lrs"]
    mt.optim.lr_scheduler.OneCycleLR(optimizer, 1.0, 10)
    last = ["initial_lr", "max_lr", "min_lr", "max_momentum", "base_momentum"]
    assert list(optimizer.param_groups[0])[-5:] == last
