"""Why time on the board cannot be reserved: closed, past, too soon, too far ahead, no induction, too short."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise

from flask_babel import get_locale, ngettext
from flask_babel import gettext as _

from app.pages.plan import segments
from app.pages.plan.axis import Axis
from app.pages.plan.segments import Segment
from app.wording import formats
from booking.queries import BoardRow, BoardWorkshop
from booking.rules.eligibility import MemberEligibility
from booking.rules.lending_rules import Policy
from booking.times.opening_hours import holiday_name
from booking.times.wall_clock import local_day


class Reasons:
    """The reasons for the segments of one machine's row, in the language of the page."""

    def __init__(
        self, axis: Axis, row: BoardRow, place: BoardWorkshop, now: datetime, eligibility: MemberEligibility | None
    ) -> None:
        self.axis, self.row, self.now, self.eligibility = axis, row, now, eligibility
        self.policy: Policy = row.policy
        self.holidays = {holiday.day: holiday.region for holiday in place.holidays if holiday.is_closed}
        self.midnights = [axis.bounds[day.first] for day in axis.days] + [axis.bounds[-1]]

    def of(self, segment: Segment) -> str:
        """Return the reason for a segment in which nothing can be reserved."""
        if segment.kind == segments.CLOSED:
            return self._closed(segment)
        if segment.kind == segments.GONE:
            return _("past")
        if segment.kind == segments.EARLY:
            earliest = formats.format_instant(self.policy.earliest_start(self.now), self.axis.zone)
            hours = self.policy.notice_hours
            return _("notice %(hours)s h: from %(start)s", hours=hours, start=earliest)
        if segment.kind == segments.FAR:
            days = self.policy.horizon_days
            return ngettext("at most %(num)s day ahead", "at most %(num)s days ahead", days)
        return self._not_for_the_viewer(segment)

    def with_closed_days(self, row_segments: Iterable[Segment]) -> Iterator[Segment]:
        """Yield the segments of the row, of closed time its parts."""
        for segment in row_segments:
            if segment.kind == segments.CLOSED:
                yield from self.parts_of_closed(segment)
            else:
                yield segment

    def parts_of_closed(self, segment: Segment) -> Iterator[Segment]:
        """Yield closed time with each whole day as a part of its own, so that each day can say why it is closed."""
        cuts: Sequence[datetime] = self.midnights
        whole = {start for start, end in pairwise(cuts) if segment.start <= start and end <= segment.end}
        ends = {end for start, end in pairwise(cuts) if start in whole}
        inside = sorted(edge for edge in whole | ends if segment.start < edge < segment.end)
        for start, end in pairwise((segment.start, *inside, segment.end)):
            yield segment._replace(start=start, end=end)

    def _closed(self, segment: Segment) -> str:
        day = local_day(segment.start, self.axis.zone)
        is_whole = segment.start in self.midnights and segment.end in self.midnights
        if is_whole:
            return _("closed: %(day)s", day=self._name_of(day))
        if segment.end in self.midnights:
            return _("closed from %(time)s", time=formats.format_clock(segment.start, self.axis.zone))
        return _("closed until %(time)s", time=formats.format_clock(segment.end, self.axis.zone))

    def _name_of(self, day: date) -> str:
        region = self.holidays.get(day)
        holiday = holiday_name(region, day, str(get_locale())) if region else None
        return holiday or formats.format_weekday(day)

    def _not_for_the_viewer(self, segment: Segment) -> str:
        day = local_day(segment.start, self.axis.zone)
        if self.eligibility is not None:
            left_on = self.eligibility.left_on
            if left_on is not None and day > left_on:
                return _("your membership ended on %(day)s", day=formats.format_day(left_on))
            needs_induction = self.row.machine.induction_kind_id is not None
            if needs_induction and self.eligibility.is_apart_on(day):
                return _("no person has all inductions for it")
            if needs_induction and (lacking := self.eligibility.lacking_on(day)) is not None:
                return _("you need the induction %(kind)s", kind=lacking or self.row.machine.induction_kind)
        least = formats.format_length(timedelta(minutes=self.policy.shortest_allowed_min))
        return _("too short: at least %(length)s", length=least)
