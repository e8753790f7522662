"""Texts and statuses of the errors of bills, keys and what pools count."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from app.wording.errors.text import ErrorText

ERRORS = (
    ErrorText(
        "unusual_cost",
        409,
        _l("This bill is unusual"),
        _l(
            "Nothing is stored yet: the amount is ten times the usual one or more, or the day more than a year ahead. "
            "Correct it, or confirm it (in the API by confirmed_cents with the same amount)."
        ),
    ),
    ErrorText(
        "nothing_counted",
        422,
        _l("Nothing to count"),
        _l("What you chose has no machine, so that the pool would count nothing. Choose something else."),
    ),
    ErrorText(
        "too_many_machines",
        422,
        _l("Too many single machines"),
        _l("A pool counts %(most)s single machines at most. Choose a group, a site or the whole ring."),
    ),
    ErrorText(
        "scope_not_found",
        404,
        _l("No such choice"),
        _l("Nothing was chosen for this day: what the pool counts did not change on it."),
    ),
    ErrorText(
        "cap_too_low",
        422,
        _l("The cap is too low"),
        _l(
            "With this cap all who bear anything (%(members)s of them) would not bear the whole sum together. Raise "
            "the cap of the key from this time on, or take it away."
        ),
    ),
    ErrorText(
        "key_refused",
        422,
        _l("This key cannot divide costs"),
        _l("The key was not stored: its parts, percentages or limits do not fit together."),
    ),
    ErrorText("key_not_found", 404, _l("No such key"), _l("There is no such key.")),
    ErrorText(
        "unknown_key",
        422,
        _l("The pool has no such key"),
        _l("A kind of cost is to be divided by a key that the pool does not have. Choose one of its keys."),
    ),
    ErrorText("meter_not_found", 404, _l("No such meter"), _l("There is no such meter.")),
    ErrorText(
        "reading_refused",
        422,
        _l("This reading does not fit"),
        _l("Nothing was changed: the reading does not fit those around it, or an allocation used it."),
    ),
    ErrorText(
        "reading_not_found",
        404,
        _l("No such reading"),
        _l("There is no reading of this day: it was withdrawn, or never entered."),
    ),
    ErrorText(
        "kind_recurs",
        409,
        _l("Kind of cost still in use"),
        _l("The recurring cost %(name)s is of a kind that you removed. Give it another kind first, on its own page."),
    ),
    ErrorText(
        "group_counted_twice",
        409,
        _l("Two cost pools would count one machine"),
        _l(
            "A cost pool counts this group, and another one counts a machine that it would get, so that its charges "
            "would count twice. Nothing was changed. Have the treasurer change what one of the two pools counts first."
        ),
    ),
    ErrorText("material_not_found", 404, _l("No such material"), _l("There is no such material.")),
    ErrorText(
        "material_not_sold",
        409,
        _l("This material is not sold any more"),
        _l("%(material)s is not sold any more. Choose another one, or mark it as sold on its page first."),
    ),
    ErrorText(
        "material_of_other_workshop",
        422,
        _l("Material of another workshop"),
        _l("%(material)s is sold by another workshop than that of the machine. Choose one of its own."),
    ),
    ErrorText(
        "stock_too_low",
        409,
        _l("Not enough in stock"),
        _l(
            "There is %(stock)s %(unit)s in stock. Nothing was entered. Take less; whoever keeps the stock can enter "
            "goods that came in, or allow that it is sold beyond the stock."
        ),
    ),
    ErrorText(
        "material_price_changed",
        409,
        _l("The price has changed"),
        _l(
            "%(material)s costs %(unit_price)s euro for 1 %(unit)s by now. Nothing was entered. Send it again if that "
            "is right."
        ),
    ),
    ErrorText("recurring_cost_not_found", 404, _l("No such recurring cost"), _l("There is no such recurring cost.")),
    ErrorText(
        "recurring_cost_used",
        409,
        _l("This recurring cost is in use"),
        _l(
            "One of its periods was answered already, so that its days stay and it cannot be deleted. Set its last "
            "day, and enter another one."
        ),
    ),
    ErrorText(
        "not_proposed",
        422,
        _l("Nothing is proposed for this day"),
        _l("No period of this recurring cost begins on this day, or it has not begun yet, or it is over."),
    ),
    ErrorText(
        "period_answered",
        409,
        _l("This period was answered already"),
        _l(
            "Its cost was entered, or it was dismissed. A cost that is wrong can be changed or deleted; a period that "
            "was dismissed can be proposed again."
        ),
    ),
)
