"""Texts and statuses of the errors of the money."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from app.wording.errors.text import ErrorText

ERRORS = (
    ErrorText(
        "not_issuable",
        409,
        _l("Something is missing for this invoice"),
        _l("Nothing was issued and no number was used. What is missing is listed under Invoices."),
    ),
    ErrorText("document_not_found", 404, _l("No such document"), _l("There is no such document.")),
    ErrorText(
        "document_file_not_made",
        409,
        _l("The file is not made yet"),
        _l("The file of %(number)s is being made; it is there in some seconds. Nothing was sent."),
    ),
    ErrorText(
        "document_already_sent",
        409,
        _l("This document was sent already"),
        _l("%(number)s was sent or printed before. Nothing was sent; to send it once more, say so."),
    ),
    ErrorText(
        "statement_sent_meanwhile",
        409,
        _l("This statement was sent already"),
        _l(
            "It was sent since you opened this page. Nothing was sent now; to send it once more, press the button "
            "again."
        ),
    ),
    ErrorText(
        "statement_issued",
        409,
        _l("The same statement was issued already"),
        _l("The same days are stated by %(number)s, and nothing was posted for them since. Nothing was issued."),
    ),
    ErrorText(
        "statement_refused",
        422,
        _l("These days are not over"),
        _l("What is owed at the end of days to come is not known yet. Nothing was issued; choose an earlier last day."),
    ),
    ErrorText(
        "invoices_changed",
        409,
        _l("What can be issued has changed"),
        _l("It has changed since you looked. Nothing was issued; please look at the sums once more."),
    ),
    ErrorText(
        "not_cancellable",
        409,
        _l("This document is not taken back"),
        _l("The document with the number %(number)s is no invoice: only an invoice is taken back."),
    ),
    ErrorText(
        "already_cancelled",
        409,
        _l("This invoice was taken back already"),
        _l("The invoice was taken back by %(by)s. Nothing was changed."),
    ),
    ErrorText(
        "vat_rate_unknown",
        422,
        _l("No rate of VAT for this day"),
        _l(
            "No rate of VAT is entered for %(day)s. It is not guessed: enter the one that holds from then on, under "
            "Costs, Billing details, VAT rates."
        ),
    ),
    ErrorText(
        "vat_unknown",
        422,
        _l("How much VAT is to be added is not known"),
        _l(
            "For %(day)s, the taxation of the ring or the rate of VAT is not entered. It is not guessed: enter both "
            "under Costs, Billing details, or say that the prices include VAT."
        ),
    ),
    ErrorText(
        "ledger_closed",
        409,
        _l("The ledger is not open yet"),
        _l(
            "Advances, fees and accounting periods need an open ledger. Nothing was stored. The operator opens it once "
            "with: ring ledger open --on DATE"
        ),
    ),
    ErrorText(
        "ledger_is_open",
        409,
        _l("The ledger is open already"),
        _l("The ledger is opened only once. Nothing was changed."),
    ),
    ErrorText(
        "charges_are_income",
        422,
        _l("This pool has no advances"),
        _l("The charges of this pool are income. To call advances, change the pool: its charges are advances."),
    ),
    ErrorText(
        "other_pool_counts",
        422,
        _l("Another pool counts these charges"),
        _l(
            "Another cost pool of this machine counts its charges as advances already; they can count only once. "
            "Choose “income” here, or change the other pool first."
        ),
    ),
    ErrorText(
        "advance_counted",
        409,
        _l("This advance is counted"),
        _l("An allocation counts this advance. Reverse the allocation first, then the advance."),
    ),
    ErrorText(
        "advance_not_found",
        404,
        _l("No such advance"),
        _l("There is no such advance."),
    ),
    ErrorText(
        "fee_not_found",
        404,
        _l("No such fee"),
        _l("There is no such fee."),
    ),
    ErrorText(
        "nobody_owes_dues",
        422,
        _l("Nobody is left who owes dues"),
        _l(
            "Nobody of the chosen price classes is a member on that day without dues for the period. Choose another "
            "period or other classes."
        ),
    ),
    ErrorText(
        "stale_dues",
        409,
        _l("Something has changed"),
        _l("Who owes dues has changed since it was shown. Nothing was posted; look at the new list."),
    ),
    ErrorText(
        "account_not_found",
        404,
        _l("No such account"),
        _l("There is no such account."),
    ),
    ErrorText(
        "nothing_used",
        422,
        _l("No key to divide by"),
        _l(
            "There are costs to allocate, but in this period nobody who bears costs had a use, a meter that counted, "
            "or a share. Shares end with the membership, and the pool may leave guests out. Choose another period, "
            "enter shares, or change the key."
        ),
    ),
    ErrorText(
        "no_shares",
        422,
        _l("Nobody holds shares on that day"),
        _l("Nobody would owe this advance. Choose another day whose shares count, or enter shares of the pool first."),
    ),
    ErrorText(
        "nothing_to_allocate",
        422,
        _l("Nothing to allocate"),
        _l("No costs of this period are left to allocate. Enter costs, or choose another period."),
    ),
    ErrorText(
        "mixed_units",
        422,
        _l("Different units"),
        _l("The slips of this period use different units, which cannot be added up."),
    ),
    ErrorText(
        "stale_preview",
        409,
        _l("The amounts have changed"),
        _l("Costs, slips or shares have changed since the preview. Nothing was posted; check the new amounts."),
    ),
    ErrorText(
        "already_reversed",
        409,
        _l("Already reversed"),
        _l("This has already been reversed, or is a reversal itself. Nothing was changed."),
    ),
    ErrorText(
        "cost_allocated",
        409,
        _l("Already allocated"),
        _l(
            "This cost is part of an allocation. Reverse the allocation to correct it; "
            "an allocated cost is never deleted."
        ),
    ),
    ErrorText(
        "unknown_kind",
        422,
        _l("No such kind of cost"),
        _l("The pool has no such kind of cost. Choose one of its kinds, or add it to the pool."),
    ),
    ErrorText(
        "kind_in_use",
        409,
        _l("Kind of cost still in use"),
        _l("Some costs that are not allocated yet are of a kind that you removed. Give them another kind first."),
    ),
    ErrorText(
        "membership_ended",
        422,
        _l("Membership ended"),
        _l(
            "The membership ended before this day, and shares end with it. Choose a day within the membership, "
            "or state that the shares are held after its end."
        ),
    ),
    ErrorText(
        "tiers_overlap",
        422,
        _l("Tiers overlap"),
        _l(
            "Two tiers hold for the same amount. Each tier begins where the one before it ends, the first one above "
            "zero: up to there the first price holds."
        ),
    ),
    ErrorText(
        "tier_gap",
        422,
        _l("Amounts without a price"),
        _l("A tier ends before the next one begins, or the last one ends. Each amount needs a price."),
    ),
    ErrorText(
        "tier_classes",
        422,
        _l("A price is missing"),
        _l("Each line and each tier needs a price for the same price classes as the tariff itself."),
    ),
    ErrorText(
        "same_name",
        422,
        _l("Name used twice"),
        _l("“%(name)s” is there twice. Each line and each surcharge needs a name of its own."),
    ),
    ErrorText("wrong_amount", 422, _l("Number not allowed"), _l("A number is zero, negative or too large.")),
    ErrorText("wrong_text", 422, _l("Text not allowed"), _l("A text is missing or too long.")),
    ErrorText(
        "wrong_period",
        422,
        _l("Period not allowed"),
        _l(
            "The days end before they start, are more than ten years or too far away; or one of them is not possible "
            "here, because it is still to come or already over."
        ),
    ),
    ErrorText(
        "period_too_long",
        422,
        _l("Period too long"),
        _l("A report of days covers a year at most. Choose a shorter period."),
    ),
    ErrorText(
        "too_many_rows",
        422,
        _l("Too many rows for a workbook"),
        _l("A workbook holds about a million rows at most. Use CSV instead, or a shorter period."),
    ),
    ErrorText("name_taken", 409, _l("Name already in use"), _l("Another cost pool already has this name.")),
    ErrorText(
        "tariff_in_use",
        409,
        _l("Tariff already used"),
        _l("Uses during this tariff's period have already been priced. Enter a new tariff and have them priced again."),
    ),
    ErrorText(
        "not_handed_back",
        409,
        _l("Not handed back yet"),
        _l("It has not been handed back yet; the slip has no amount."),
    ),
    ErrorText(
        "already_charged", 409, _l("Already priced"), _l("The slip was priced at the same moment. Check its price.")
    ),
    ErrorText("tariff_not_found", 404, _l("No such tariff"), _l("This tariff does not exist.")),
    ErrorText("pool_not_found", 404, _l("No such cost pool"), _l("This cost pool does not exist.")),
    ErrorText("cost_not_found", 404, _l("No such cost"), _l("This cost does not exist.")),
    ErrorText(
        "allocation_not_found",
        404,
        _l("No such allocation"),
        _l("This allocation does not exist, or you have no share in it."),
    ),
)
