"""Quotas, inductions, retired machines and places."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from booking.machines import machines
from booking.machines.machines import MachineInput
from booking.members import inductions
from booking.models import Machine
from booking.quotas import quotas
from booking.quotas.quotas import QuotaInput
from booking.records import groups
from booking.records.groups import RankedMachine
from tests.properties.every_verb import holdings as model
from tests.properties.every_verb.holdings import Induction
from tests.properties.every_verb.steps import (
    Steps,
    names,
    wall,
    which,
    who,
)


class Ruling(Steps):
    """Quotas, inductions, retired machines and places."""

    @rule(measure=st.sampled_from(["time", "open"]), most=st.sampled_from([0, 2, 240, 600]))
    def set_quota(self, measure, most):
        known = self.ring.quotas.get(measure)
        period = "week" if measure == "time" else None
        data = QuotaInput(
            measure=measure, period=period, most=most, workshop_id=self.hall, machine_id=self.ids["store"]
        )
        expected = "record_refused" if most == 0 else None
        verb, *arguments = (quotas.enter_quota,) if known is None else (quotas.change_quota, known[0])
        made = self.attempt(expected, verb, *arguments, data)
        if expected is None:
            self.ring.quotas[measure] = (made if known is None else known[0], most)
            self.done(is_news=known is None or known[1] != most)

    @precondition(lambda self: self.ring.quotas)
    @rule(measure=st.sampled_from(["time", "open"]))
    def delete_quota(self, measure):
        if measure in self.ring.quotas:
            self.attempt(None, quotas.delete_quota, self.ring.quotas.pop(measure)[0])
            self.done()

    @rule(whose=who, days=st.integers(0, 5))
    def induct(self, whose, days):
        first, whose = self.ring.day_of(self.ring.now), self.members[whose]
        last = first + days
        known = [
            id_
            for id_, one in self.ring.inductions.items()
            if (one.member, one.first, one.last, one.has_ended) == (whose, first, last, False)
        ]
        given_on, valid_until = (self.calendar_day(day) for day in (first, last))
        made = self.attempt(None, inductions.give, whose, self.kind, given_on=given_on, valid_until=valid_until)
        assert known in ([], [made])
        self.ring.inductions[made] = Induction(whose, first, last)
        self.done(is_news=not known)

    def calendar_day(self, number: int) -> date:
        return wall(0).date() + timedelta(days=number)

    @precondition(lambda self: self.ring.inductions)
    @rule(index=which)
    def end_induction(self, index):
        id_ = self.pick(self.ring.inductions, index)
        one = self.ring.inductions[id_]
        expected = "wrong_status" if one.has_ended else None
        self.attempt(expected, inductions.end, id_, last_day=None)
        if expected is None:
            one.has_ended = True
            self.done()

    @rule(name=names)
    def retire_or_bring_back(self, name):
        id_ = self.ids[name]
        one = self.ring.machines[id_]
        if one.is_retired:
            self.attempt(None, machines.bring_back, id_)
            one.is_retired = False
            self.done()
            return
        expected = self.ring.retire(id_)
        self.attempt(expected, machines.retire, id_)
        if expected is None:
            self.ring.withdraw(id_, self.ring.now, model.FAR)
            one.is_retired = True
            self.done()

    @rule(has_twin=st.booleans(), has_saw=st.booleans())
    def change_group(self, has_twin, has_saw):
        """Put machines into the group and take them out; the next request has another choice."""
        wanted = [self.ids[name] for name, is_in in (("saw", has_saw), ("twin", has_twin)) if is_in]
        before = [id_ for id_, one in self.ring.machines.items() if one.group]
        self.attempt(None, groups.change, self.group, machines=tuple(RankedMachine(id_) for id_ in wanted))
        for name in ("saw", "twin"):
            self.ring.machines[self.ids[name]].group = "saws" if self.ids[name] in wanted else ""
        self.done(is_news=set(before) != set(wanted))

    @rule(places=st.integers(1, 4))
    def set_places_of_the_store(self, places):
        id_ = self.ids["store"]
        one = self.ring.machines[id_]
        bound = {
            unit
            for number, parts in self.ring.holds(id_)
            if number not in self.ring.closures
            and (self.is_out(number) or any(since <= self.ring.now < until for _places, since, until in parts))
            for unit in self.units[number]
        }
        out = sum(each.time.places for each in self.ring.out(id_))
        is_short = places < one.places and max(self.ring.most_held(id_), len(bound), out) > places
        row = self.session.get(Machine, id_)
        data = MachineInput(slug=row.slug, name=row.name, cleaning_min=30)
        expected = "record_refused" if is_short else None
        self.attempt(expected, machines.change_machine, id_, data, places=places)
        if expected is None:
            is_news, one.places = places != one.places, places
            self.done(is_news=is_news)

    def is_out(self, number):
        return number in self.ring.reservations and self.ring.reservations[number].status == "in_use"
