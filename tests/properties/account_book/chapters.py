"""What happens in an account book, in one go: it reaches every verb, and begins what is drawn."""

from __future__ import annotations


def a_year_in_short(book):
    for name, whose, days in (("combine", "anna", 25), ("combine", "carla", 5), ("press", "bernd", 40)):
        book.use(name, whose, days, 7, None)
    book.deliver("connection lost")
    book.price_again(0)
    book.enter_tariff("combine", 40, "1.005", False, "rolled back")  # 7 pieces end in half a cent
    book.enter_tariff("press", 40, "12.5", False, None)
    book.enter_tariff("press", 40, "140", True, "connection lost")
    book.correct(0, 5, None)
    book.call_advance("combine", 0, 10_000, None)
    book.call_advance("combine", 1, 10_000, "rolled back")
    book.reverse_advance(0)
    for kind in ("fuel", "insurance", "fee"):
        book.bill("combine", 1, 20, kind, 10_001)
    book.deliver(None)
    book.price_again(0)
    book.allocate(0, "connection lost")
    book.invoice("anna", "rolled back")
    book.bill("combine", 1, 20, "fuel", 100)
    book.change_bill(0, 99)
    book.bill("press", 1, 20, "fuel", 1)
    book.delete_bill(0)
    book.soft_close_or_reopen(1, opens=False)
    book.use("press", "carla", 25, 2, None)  # charged today, and taken back no earlier though its day is open again
    book.deliver(None)
    book.soft_close_or_reopen(1, opens=True)
    book.correct(0, 1, None)
    book.deliver(None)
    for months in (2, 1):
        book.close_period(months, accepts=True, is_stale=False)
    book.allocate(0, None)
    book.reverse_allocation(0)
    book.bill("combine", 1, 20, "fuel", 777)  # late: its period is closed
    book.allocate(0, None)
    book.pay_in("bernd", 40, 5_000, "rolled back")
    book.settle("bernd", None, "connection lost")
    book.reverse_equity(0, "connection lost")
    book.cancel_invoice(0, "connection lost")
    book.invoice("anna", None)
