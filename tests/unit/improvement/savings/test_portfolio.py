"""From promise to validated: the steps add up, whatever was promised, claimed and decided."""

from decimal import Decimal as D
from decimal import localcontext

from hypothesis import given
from hypothesis import strategies as st

from copq.improvement.savings.portfolio import STEPS, Measured, TypeSums, waterfall
from copq.ledger.arithmetic import MONEY
from tests.support.searching import examples

amounts = st.decimals(D("-1e9"), D("1e9"), places=2)


@st.composite
def decided_sums(draw: st.DrawFn) -> TypeSums:
    """What one type has, with decisions as the database lets finance make them."""
    decided, validated = draw(amounts), draw(amounts)
    taken = MONEY.subtract(validated, decided)
    is_rejected = draw(st.booleans())
    return TypeSums(
        promised=draw(amounts), unmeasured=draw(amounts), forecast=draw(amounts),
        claimed=draw(amounts), decided=decided, validated=validated,
        reduced=D(0) if is_rejected else taken, rejected=taken if is_rejected else D(0),
    )  # fmt: skip


@examples(1)
@given(decided_sums(), decided_sums(), st.builds(Measured, gross=amounts, net=amounts))
def test_the_steps_lead_from_the_promise_to_what_is_validated(
    counted: TypeSums, others: TypeSums, measured: Measured
) -> None:
    found = waterfall(counted, others, measured)
    assert tuple(found.steps) == STEPS
    with localcontext(MONEY):
        assert found.promised + sum(found.steps.values()) == found.validated


@examples(0.5)
@given(decided_sums(), decided_sums())
def test_sums_of_projects_are_added_field_by_field(one: TypeSums, other: TypeSums) -> None:
    both = TypeSums.of([one, other])
    assert both.validated == MONEY.add(one.validated, other.validated)
    assert TypeSums.of([]) == TypeSums()
    assert both.variance == MONEY.add(one.variance, other.variance)


def test_each_step_has_its_own_reason() -> None:
    """Of 100 promised, 10 in a month that is not measured yet; 80 measured, 20 of them shared."""
    hard = TypeSums(
        promised=D(100), unmeasured=D(10), claimed=D(50), decided=D(40), reduced=D(-5),
        rejected=D(-15), validated=D(20),
    )  # fmt: skip
    soft = TypeSums(promised=D(7), claimed=D(4))
    steps = waterfall(hard, soft, Measured(gross=D(80), net=D(60))).steps
    assert [steps[name] for name in STEPS] == [D(n) for n in (-10, -10, -20, -4, -6, -5, -15, -10)]
    assert hard.realisation_rate == D("0.2")
    assert soft.variance == D(-7)
    assert TypeSums().realisation_rate is None
