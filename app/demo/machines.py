"""The machines of the demo ring with their rules, their tariffs and how they are used.

Prices follow what rings, open workshops and slaughterhouses publish; none of them is anybody's offer.
The farms and the slaughterhouse write German; the open workshop, with members from everywhere, writes both languages.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from app.demo.people import BUTCHER, FARM, MAKER, METAL, MURNAU, PENZBERG, UFFING, WOOD
from booking.machines.machines import MachineInput

SAW, LASER, MILL, SPLITTER = "Tischkreissäge", "Laserschneider", "CNC-Fräse", "Holzspalter"
BASICS = "Werkstatt-Grundlagen"
INDUCTIONS = (SAW, LASER, MILL, SPLITTER)
BUILD_ON_BASICS = (SAW, LASER, MILL)


@dataclass(frozen=True, slots=True)
class DemoTariff:
    """Prices in euro per charge unit; step and minimum amount in small units."""

    member: str
    guest: str
    step_amount: int = 1
    minimum_amount: int = 0
    minimum_cents: int = 0

    def prices(self) -> dict[str, Decimal]:
        """Return price class -> exact price."""
        return {"member": Decimal(self.member), "guest": Decimal(self.guest)}


@dataclass(frozen=True, slots=True)
class DemoUse:
    """How a machine is used: by which trades, how often a week, for how long, how much, what for.

    hours: shortest and longest; starts: the hours of day at which uses begin; amount: small units an hour.
    """

    trades: tuple[str, ...]
    per_week: float
    hours: tuple[int, int]
    starts: tuple[int, ...]
    purposes: tuple[str, ...]
    amount_per_hour: int = 0
    places: tuple[int, int] = (1, 1)


@dataclass(frozen=True, slots=True)
class DemoMachine:
    """A machine with its tariff and use."""

    workshop: str
    entry: MachineInput
    tariff: DemoTariff
    use: DemoUse
    places: int = 1
    induction: str = ""


def _machine(
    workshop: str, slug: str, name: str, kind: str, description: str, tariff: DemoTariff, use: DemoUse, **rules: object
) -> DemoMachine:
    places, induction = int(str(rules.pop("places", 1))), str(rules.pop("induction", ""))
    entry = MachineInput(slug=slug, name=name, kind=kind, description=description, **rules)  # type: ignore[arg-type]
    return DemoMachine(workshop, entry, tariff, use, places, induction)


DAY, TWO_WEEKS = 24 * 60, 14 * 24 * 60
FIELD = (6, 7, 8, 9, 12, 13)
EVENING = (9, 10, 13, 15, 17, 18)

MACHINES = (
    _machine(
        MURNAU, "combine", "Mähdrescher", "Ernte",
        "Schneidwerk 5,1 m, Hangausgleich, mit Häcksler. Fahrer auf Wunsch.",
        DemoTariff("115.00", "145.00", minimum_amount=100),
        DemoUse((FARM,), 4, (3, 9), FIELD, ("Winterweizen", "Gerste am Hang", "Triticale", "Dinkel"), 110),
        charge_unit="ha", cleaning_min=60, notice_hours=12, longest_min=3 * DAY, step_min=30,
    ),
    _machine(
        MURNAU, "baler", "Ballenpresse", "Pressen",
        "Rundballenpresse 1,25 m, Netzbindung. Das Netz bringt jeder selbst mit.",
        DemoTariff("6.80", "8.20"),
        DemoUse((FARM,), 3, (2, 6), FIELD, ("Heu", "Stroh", "Grummet"), 22),
        charge_unit="piece", cleaning_min=30, longest_min=2 * DAY, step_min=30,
    ),
    _machine(
        MURNAU, "slurry-tanker", "Güllefass 10 m³", "Düngung",
        "Mit Schleppschuh 9 m. Bitte gespült zurückgeben.",
        DemoTariff("1.60", "2.10", minimum_cents=2_000),
        DemoUse((FARM,), 4, (3, 8), FIELD, ("Grünland", "Vor der Gerste", "Zwischenfrucht"), 30_000),
        charge_unit="m3", cleaning_min=60, longest_min=2 * DAY, step_min=30,
    ),
    _machine(
        MURNAU, "forage-harvester", "Feldhäcksler", "Häckseln",
        "480 PS, Pick-up und Maisgebiss 6-reihig.",
        DemoTariff("98.00", "125.00", minimum_amount=100),
        DemoUse((FARM,), 2, (4, 10), FIELD, ("Gras 1. Schnitt", "Silomais", "Gras 3. Schnitt"), 180),
        charge_unit="ha", cleaning_min=60, needs_approval=True, notice_hours=24, longest_min=3 * DAY, step_min=30,
    ),
    _machine(
        MURNAU, "sprayer", "Anbauspritze 15 m", "Pflanzenschutz",
        "1.000 l, geprüft. Nur mit Sachkundenachweis.",
        DemoTariff("9.80", "13.00"),
        DemoUse((FARM,), 2, (2, 5), (6, 7, 17), ("Herbizid Getreide", "Fungizid"), 320),
        charge_unit="ha", cleaning_min=45, longest_min=DAY, step_min=30,
    ),
    _machine(
        MURNAU, "tedder", "Kreiselzettwender", "Heuernte",
        "Arbeitsbreite 7,6 m. Vor der Straßenfahrt die Zinken schützen.",
        DemoTariff("4.20", "5.60"),
        DemoUse((FARM,), 3, (2, 4), FIELD, ("Heu wenden", "Grummet"), 380),
        charge_unit="ha", longest_min=2 * DAY, step_min=30,
    ),
    _machine(
        MURNAU, "livestock-trailer", "Viehanhänger", "Transport",
        "Für 5 Rinder. Bitte gereinigt zurückgeben.",
        DemoTariff("1.15", "1.50", minimum_cents=1_000),
        DemoUse((FARM, BUTCHER), 3, (2, 6), (5, 6, 7, 12), ("Fahrt zum Schlachthaus", "Almauftrieb", "Markt Weilheim"), 14_000),
        charge_unit="km", cleaning_min=45, longest_min=2 * DAY, step_min=30,
    ),
    _machine(
        MURNAU, "wood-splitter", "Holzspalter 25 t", "Holz",
        "Zapfwelle und Elektromotor, mit Seilwinde.",
        DemoTariff("16.40", "22.00", step_amount=900, minimum_amount=3_600),
        DemoUse((FARM, WOOD), 3, (2, 8), (7, 8, 9, 13), ("Brennholz Winter", "Fichte nach Sturm"), 0),
        charge_unit="hour", needs_approval=True, decision_hours=48, longest_min=3 * DAY, induction=SPLITTER,
    ),
    _machine(
        MURNAU, "relief-worker", "Betriebshelfer", "Personal",
        "Melken, Füttern, Feldarbeit. Bei Krankheit bitte anrufen.",
        DemoTariff("24.00", "32.00", step_amount=900),
        DemoUse((FARM,), 3, (4, 9), (5, 6, 7), ("Arbeitsspitze", "Urlaub", "Stallbau"), 0),
        sort="person", charge_unit="hour", needs_approval=True, decision_hours=24, notice_hours=12, longest_min=DAY,
    ),
    _machine(
        PENZBERG, "laser-cutter", "Laserschneider", "Laser",
        "CO2, 100 W, Bett 100 × 60 cm. Holz, Acryl, Leder, Pappe; kein PVC. / Wood, acrylic, leather, cardboard; no PVC.",
        DemoTariff("0.50", "0.80", step_amount=60, minimum_amount=600),
        DemoUse((MAKER, WOOD), 9, (1, 3), EVENING, ("Schilder", "Architectural model", "Lampenschirm", "Wegweiser"), 0),
        charge_unit="minute", cleaning_min=15, longest_min=4 * 60, induction=LASER,
    ),
    _machine(
        PENZBERG, "printers", "3D-Drucker-Regal", "Druck",
        "Vier gleiche Drucker für PLA und PETG, auch über Nacht. / Four equal printers for PLA and PETG, overnight, too.",
        DemoTariff("2.40", "3.60", step_amount=60, minimum_amount=1_800),
        DemoUse((MAKER, METAL, WOOD), 12, (3, 14), EVENING, ("Halterung", "Prototype housing", "Spare part", "Zahnrad"), 0, (1, 2)),
        charge_unit="hour", is_open_always=True, longest_min=3 * DAY, places=4,
    ),
    _machine(
        PENZBERG, "cnc-mill", "CNC-Portalfräse", "Fräsen",
        "2,5 × 1,3 m, Vakuum. Fräser bitte mitbringen. / For wood and aluminium; bring your own cutters.",
        DemoTariff("18.00", "28.00", step_amount=900, minimum_amount=1_800),
        DemoUse((WOOD, METAL), 6, (2, 6), EVENING, ("Treppenwangen", "Frontplatten", "Schablonen"), 0),
        charge_unit="hour", setup_min=15, cleaning_min=15, needs_approval=True, decision_hours=36, longest_min=8 * 60,
        induction=MILL,
    ),
    _machine(
        PENZBERG, "table-saw", "Tischkreissäge", "Holz",
        "Format 3,2 m, mit Absaugung. / Panel saw for solid wood and boards.",
        DemoTariff("7.20", "12.00", step_amount=600),
        DemoUse((WOOD, MAKER), 6, (1, 3), EVENING, ("Zuschnitt Regal", "Plattenzuschnitt", "Tischbau"), 0),
        charge_unit="hour", longest_min=6 * 60, needs_second_person=True, induction=SAW,
    ),
    _machine(
        UFFING, "slaughter-line", "Schlachtlinie", "Schlachten",
        "Rind, Schwein, Schaf. Anmeldung bis 24 h vorher.",
        DemoTariff("45.00", "62.00"),
        DemoUse((FARM, BUTCHER), 3, (1, 3), (6, 7, 8, 9), ("2 Schweine", "1 Rind", "3 Lämmer", "Eigenbedarf"), 2),
        charge_unit="piece", cleaning_min=45, needs_approval=True, notice_hours=24, longest_min=6 * 60,
    ),
    _machine(
        UFFING, "cold-store", "Kühlraum", "Kühlen",
        "24 Hakenplätze, 2 °C. Abgerechnet je Platz und Tag.",
        DemoTariff("2.50", "4.00"),
        DemoUse((FARM, BUTCHER), 3, (48, 240), (7, 8, 9, 10), ("Reifung Rind", "Schweinehälften", "Wild"), 0, (2, 8)),
        sort="room", charge_unit="place_day", is_open_always=True, shortest_min=60, longest_min=3 * TWO_WEEKS, step_min=60, places=24,
    ),
    _machine(
        UFFING, "cutting-room", "Zerlegeraum", "Zerlegen",
        "12 °C, zwei Tische, Bandsäge, Vakuumierer.",
        DemoTariff("24.00", "34.00", step_amount=900),
        DemoUse((FARM, BUTCHER), 4, (2, 5), (7, 8, 12, 13), ("Rind zerlegen", "Wurst", "Lamm zerlegen"), 0),
        sort="room", charge_unit="hour", cleaning_min=30, longest_min=8 * 60,
    ),
)  # fmt: skip

# The twin of the laser cutter, bought lately: nobody has used it yet. It is no part of MACHINES, whose season it would
# change.
TWIN_OF = "laser-cutter"
TWIN = _machine(
    PENZBERG,
    "laser-2",
    "Laserschneider B",
    "Laser",
    "Baugleich mit dem ersten. / The same model as the first.",
    DemoTariff("0.50", "0.80", step_amount=60, minimum_amount=600),
    DemoUse((MAKER, WOOD), 0, (1, 3), EVENING, (), 0),
    charge_unit="minute",
    cleaning_min=15,
    longest_min=4 * 60,
    induction=LASER,
)
TWINS_NAME = "Laserschneider, egal welcher"
