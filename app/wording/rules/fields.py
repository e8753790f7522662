"""The rules of usage slips and master records as text. Each is named by its field, so it needs only a sentence."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from app.wording.formats import format_day, format_instant, format_length
from app.wording.rules.text import Variant, ViolationText, name_or_day, plain
from billing.parties import party
from booking import addresses
from booking.courses import planning
from booking.machines import machines
from booking.members import members
from booking.records import ring, workshops

# Fields whose limit counts characters.
TEXT_FIELDS = frozenset(
    [
        *members.LENGTHS_MAX,
        *machines.LENGTHS_MAX,
        *workshops.LENGTHS_MAX,
        *ring.LENGTHS_MAX,
        *party.LENGTHS_MAX,
        *planning.LENGTHS_MAX,
        *("given_by", "person", "intro", "mail_text", "text", "operator", "supervisor", "second_person"),
    ]
    + [f"address_{part}" for part in addresses.LENGTHS_MAX]
)

USAGE_RULES = (
    ViolationText(
        code="too_early", sentence=_l("Handing out is possible from %(limit)s onwards."), number=format_instant
    ),
    ViolationText(
        code="all_out",
        sentence=_l(
            "Still out, reserved until %(limit)s. Handing out is possible once it is back; if it is back already, the "
            "workshop enters that first."
        ),
        number=format_instant,
        variants=(
            Variant(
                applies_to=lambda violation: bool(violation.actual),
                sentence=_l(
                    "Only %(actual)s of the places are there; the next one is reserved until %(limit)s. What is back "
                    "already must be entered first."
                ),
                actual=plain,
            ),
        ),
    ),
    ViolationText(
        code="operator",
        sentence=_l(
            "%(limit)s has no valid induction for this machine on %(actual)s. Somebody who has it must run it."
        ),
        number=name_or_day,
    ),
    ViolationText(
        code="operator_missing", sentence=_l("Several persons may run it: %(limit)s. Enter which of them does.")
    ),
    ViolationText(
        code="supervisor_missing",
        sentence=_l("This person runs the machine under supervision for now. Enter which trainer is there."),
    ),
    ViolationText(
        code="supervisor", sentence=_l("%(limit)s is no trainer for this machine. Enter a trainer who is there.")
    ),
    ViolationText(code="machine_retired", sentence=_l("It was retired after it was reserved.")),
    ViolationText(code="machine_closed", sentence=_l("Closed until %(limit)s."), number=format_instant),
    ViolationText(code="login_ended", sentence=_l("The member's login was ended after the reservation.")),
    ViolationText(
        code="time_before_taken",
        sentence=_l("Until %(limit)s it is reserved for somebody else or closed. Come then."),
        number=format_instant,
    ),
    ViolationText(
        code="reading_backwards", sentence=_l("The last reading was %(limit)s; a meter does not run backwards.")
    ),
    ViolationText(code="reading_negative", sentence=_l("A reading cannot be below zero.")),
    ViolationText(
        code="amount_missing", sentence=_l("Enter the amount used, or the readings at hand-out and hand-back.")
    ),
    ViolationText(code="amount_negative", sentence=_l("An amount cannot be below zero.")),
    ViolationText(code="amount_too_large", sentence=_l("This number is too large; please check it.")),
    ViolationText(
        code="amount_beyond_time",
        sentence=_l(
            "In the time of the use at most %(limit)s are possible, not %(actual)s. Please check amount and times."
        ),
        number=lambda seconds, _zone: format_length(seconds),
    ),
    ViolationText(
        code="use_too_long",
        sentence=_l("A use lasts at most %(limit)s here, this one %(actual)s. Enter a longer one in parts."),
        number=lambda seconds, _zone: format_length(seconds),
    ),
    ViolationText(
        code="use_too_old",
        sentence=_l("Uses since %(limit)s can be entered; this one began on %(actual)s. Please check the year."),
        number=format_instant,
    ),
    ViolationText(
        code="use_covered",
        sentence=_l("Usage slips of the member from %(limit)s on cover this time already."),
        number=format_instant,
    ),
    ViolationText(
        code="places_used",
        sentence=_l("There are %(limit)s places; together with the slips of this time %(actual)s would be used."),
        variants=(
            Variant(
                lambda violation: violation.limit == 1,
                _l("It was used in this time already; there is a usage slip for it."),
            ),
        ),
    ),
    ViolationText(
        code="in_future",
        sentence=_l("The use ends in the future; slips are written afterwards."),
        number=format_instant,
    ),
    ViolationText(code="objection_empty", sentence=_l("Describe what is wrong with the slip.")),
    ViolationText(
        code="objection_late",
        sentence=_l("Objections were possible until %(limit)s. Please talk to the workshop's manager."),
        number=format_instant,
    ),
    ViolationText(code="answer_empty", sentence=_l("Explain why the slip stays as it is, or what was corrected.")),
)

RECORD_RULES = (
    ViolationText(
        code="quota_zero",
        sentence=_l(
            "With a quota of %(actual)s nobody could reserve anything. Enter more than zero; to stop lending, close or "
            "retire the machine."
        ),
    ),
    ViolationText(
        code="prerequisite_circle",
        sentence=_l(
            "This would lead in a circle: %(limit)s. No machine could be reserved with any of them. Take one of them "
            "out."
        ),
    ),
    ViolationText(
        code="quota_twice",
        sentence=_l("There is a quota for the same machines, members and times already. Change that one."),
    ),
    ViolationText(code="not_here", sentence=_l("This does not belong to what is limited here. Leave it empty.")),
    ViolationText(
        code="one_group", sentence=_l("A quota is for one member or for a price class. Leave one of both empty.")
    ),
    ViolationText(code="missing", sentence=_l("This must be filled in.")),
    ViolationText(code="at_least", sentence=_l("This must be at least %(limit)s, not %(actual)s.")),
    ViolationText(
        code="at_most",
        sentence=_l("This can be at most %(limit)s, not %(actual)s."),
        variants=(
            Variant(
                lambda violation: violation.field in TEXT_FIELDS,
                _l("This can have at most %(limit)s characters; it has %(actual)s."),
            ),
        ),
    ),
    ViolationText(
        code="email_form",
        sentence=_l("“%(actual)s” is not a valid e-mail address. Enter it like name@farm.example."),
    ),
    ViolationText(
        code="email_local",
        sentence=_l(
            "No mail from outside reaches “%(actual)s”: the part behind the @ is a name for a local network only. "
            "Enter an address like name@farm.example."
        ),
    ),
    ViolationText(
        code="email_letters",
        sentence=_l(
            "“%(actual)s” has letters such as ö before the @, which many mail servers do not accept. "
            "Enter the address as its provider writes it, often with oe for ö."
        ),
    ),
    ViolationText(
        code="slug_form",
        sentence=_l("“%(actual)s” cannot be part of an address. Use lower-case letters, digits and single hyphens."),
    ),
    ViolationText(
        code="slug_reserved",
        sentence=_l("“%(actual)s” is the address of a page of the program. Choose another, such as %(actual)s-1."),
    ),
    ViolationText(code="already_used", sentence=_l("“%(actual)s” is already used. Choose another.")),
    ViolationText(
        code="ends_anyway", sentence=_l("It ends on %(limit)s anyway. Choose an earlier day."), number=format_day
    ),
    ViolationText(code="day_over", sentence=_l("This is before today, %(limit)s."), number=format_day),
    ViolationText(
        code="day_too_early",
        sentence=_l("This is before %(limit)s. Please check the year."),
        number=format_day,
    ),
    ViolationText(
        code="day_too_late",
        sentence=_l("This is after %(limit)s. Please check the year, or leave the day out if there is no end."),
        number=format_day,
    ),
    ViolationText(
        code="deputy_too_long",
        sentence=_l("A deputy is named for at most %(limit)s days at a time; these are %(actual)s."),
    ),
    ViolationText(
        code="deputy_days",
        sentence=_l(
            "With the other days for which this login is named here, these are %(actual)s to come; %(limit)s at most."
            " Name fewer now, and further ones when some are over."
        ),
    ),
    ViolationText(
        code="deputy_too_late",
        sentence=_l("The first day can be a year ahead at most, until %(limit)s."),
        number=format_day,
    ),
    ViolationText(
        code="deputy_no_member",
        sentence=_l("Only a login that acts for a present member of the ring can be a deputy."),
    ),
    ViolationText(
        code="deputy_leaves",
        sentence=_l("The membership of this deputy ends on %(limit)s. Choose a last day until then."),
        number=format_day,
    ),
    ViolationText(
        code="deputy_overlaps",
        sentence=_l("Already a deputy here from %(limit)s to %(actual)s. Choose other days, or end those first."),
        number=format_day,
    ),
    ViolationText(
        code="last_administrator",
        sentence=_l(
            "This member is the ring's last administrator. Name another one first whose membership has no last day."
        ),
    ),
    ViolationText(code="last_day_before_first", sentence=_l("This cannot be before %(limit)s."), number=format_day),
    ViolationText(
        code="class_day",
        sentence=_l("A price class holds from a day since %(limit)s on; please check the year."),
        number=format_day,
    ),
    ViolationText(code="unknown_sort", sentence=_l("“%(actual)s” is no machine, room, person or tool.")),
    ViolationText(code="unknown_unit", sentence=_l("This unit is not known.")),
    ViolationText(code="unknown_zone", sentence=_l("This time zone is not known. Enter for example Europe/Berlin.")),
    ViolationText(
        code="unknown_country", sentence=_l("The country “%(actual)s” is not known. Enter its code or its name.")
    ),
    ViolationText(code="postcode_form", sentence=_l("“%(actual)s” is no postcode of this country.")),
    ViolationText(
        code="place_held",
        sentence=_l(
            "%(span)s: %(actual)s of %(limit)s places would be taken. Move or cancel reservations of this time first, "
            "or leave more places."
        ),
    ),
    ViolationText(
        code="places_in_use",
        sentence=_l(
            "%(actual)s places are in use, out, or reserved in the time of a closure, more than %(limit)s. Hand them "
            "back or end these reservations first."
        ),
    ),
    ViolationText(code="opening_backwards", sentence=_l("Opening hours must end after they start, on the same day.")),
    ViolationText(code="openings_overlap", sentence=_l("Two opening hours of the same day overlap.")),
    ViolationText(
        code="colour",
        sentence=_l(
            "This is no colour. Choose one, or write # and six digits or letters from a to f, for example #14532d."
        ),
    ),
    ViolationText(
        code="machine_twice", sentence=_l("The machine with the number %(actual)s is named twice. Name it once.")
    ),
    ViolationText(
        code="other_workshop",
        sentence=_l("%(actual)s does not stand in this workshop. Choose machines of the workshop of the group."),
    ),
    ViolationText(
        code="other_group",
        sentence=_l("%(actual)s is in the group “%(limit)s” already. Take it out there first."),
    ),
    ViolationText(code="twice_in_file", sentence=_l("“%(actual)s” is in the file twice.")),
    ViolationText(
        code="damage_open",
        sentence=_l("You have reported damage here already; the manager looks at it. Please call for more."),
    ),
    ViolationText(
        code="still_reserved",
        sentence=_l("Reservations that still hold it: %(actual)s. Move, cancel or hand them back first."),
    ),
)
