"""The sums of a document to the cent: golden examples G3 (gross prices), G7 (split) and G10 (rates side by side)."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from billing.documents.vat import EXEMPT, STANDARD, Treatment, of_gross, of_net

S19, S7, FREE = Treatment(STANDARD, Decimal(19)), Treatment(STANDARD, Decimal(7)), Treatment(EXEMPT, reason="exempt")


def sums(taxed):
    return [(str(group.treatment.percent), group.net_cents, group.vat_cents) for group in taxed.groups]


def test_gross_prices_give_net_and_vat_of_their_sum():
    assert sums(of_gross([(500, S19), (1600, S19), (188, S19)])) == [("19", 1923, 365)]
    assert sums(of_gross([(3548, S19)])) == [("19", 2982, 566)]
    # Per line it would be 2.49 and 0.48.
    assert sums(of_gross([(99, S19)] * 3)) == [("19", 250, 47)]


def test_a_single_cent_is_rounded_up_and_stays_positive():
    assert sums(of_gross([(1, S19)])) == [("19", 1, 0)]
    assert sums(of_gross([(-1, S19)])) == [("19", -1, 0)]


def test_rates_stand_side_by_side():
    taxed = of_net([(17_100, FREE), (20_000, S19), (2_147, S7), (12_989, S19)])
    assert sums(taxed) == [("19", 32_989, 6_268), ("7", 2_147, 150), ("0", 17_100, 0)]
    assert taxed.gross_cents == 58_654


def test_the_slaughter_day_is_taxed_on_its_sum():
    lines = [29_000, 12_600, 2_800, 18_009, 238, 28_814, 12_239, 1_500, 3_119]
    taxed = of_net([(cents, S19) for cents in lines])
    assert (sums(taxed), taxed.gross_cents) == ([("19", 108_319, 20_581)], 128_900)


def test_a_credit_mirrors_what_it_takes_back():
    lines = [(500, S19), (333, S7), (1600, S19)]
    there, back = of_gross(lines), of_gross([(-cents, treatment) for cents, treatment in lines])
    assert [(net, -vat) for _percent, net, vat in sums(there)] == [(-net, vat) for _percent, net, vat in sums(back)]


@given(
    st.lists(
        st.tuples(
            st.integers(min_value=-10_000_000, max_value=10_000_000),
            st.sampled_from([S19, S7, FREE, Treatment(STANDARD, Decimal("7.8"), "flat_rate")]),
        ),
        min_size=1,
        max_size=30,
    )
)
def test_no_cent_of_what_is_owed_is_lost_or_invented(lines):
    taxed = of_gross(lines)

    assert taxed.gross_cents == sum(cents for cents, _treatment in lines)
    for group in taxed.groups:
        of_group = [net for net, (_cents, each) in zip(taxed.net_cents, lines, strict=True) if each == group.treatment]
        assert sum(of_group) == group.net_cents
        exact = Fraction(group.gross_cents) * 100 / (100 + Fraction(group.treatment.percent))
        assert abs(exact - group.net_cents) <= Fraction(1, 2)
