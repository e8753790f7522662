"""The people and places of the demo ring. All names are invented."""

from __future__ import annotations

from dataclasses import dataclass

MURNAU, PENZBERG, UFFING = "machine-hall", "open-workshop", "slaughterhouse"
FARM, WOOD, METAL, MAKER, BUTCHER = "Landwirtschaft", "Schreinerei", "Metallbau", "Werken", "Metzgerei"


@dataclass(frozen=True, slots=True)
class DemoMember:
    """A member: number, name, trade, place; price class; shares of the combine."""

    number: str
    name: str
    trade: str
    place: str
    price_class: str = "member"
    shares: int = 0


@dataclass(frozen=True, slots=True)
class DemoWorkshop:
    """A workshop; hours per weekday as (opens, closes) in hours, None when closed."""

    slug: str
    name: str
    address: str
    weekdays: tuple[int, int]
    saturday: tuple[int, int] | None
    sunday: tuple[int, int] | None
    is_closed_on_holidays: bool


@dataclass(frozen=True, slots=True)
class DemoLogin:
    """A login; all have the demo's password."""

    email: str
    name: str
    member: str = ""
    manages: bool = False
    is_treasurer: bool = False
    is_admin: bool = False


WORKSHOPS = (
    DemoWorkshop(MURNAU, "Maschinenhalle Murnau", "Am Bahnhof 4, 82418 Murnau", (0, 24), (0, 24), (0, 24), False),
    DemoWorkshop(
        PENZBERG, "Offene Werkstatt Penzberg", "Zechenstraße 11, 82377 Penzberg", (8, 22), (9, 18), None, True
    ),
    DemoWorkshop(UFFING, "Schlachthaus Uffing", "Seefeldweg 2, 82449 Uffing", (6, 18), (6, 12), None, True),
)

ANNA, BERND = "M-001", "M-016"

MEMBERS = (
    DemoMember(ANNA, "Hof Huber", FARM, "Seehausen", shares=10),
    DemoMember("M-002", "Hof Maier", FARM, "Riegsee", shares=8),
    DemoMember("M-003", "Biohof Angerer", FARM, "Uffing", shares=6),
    DemoMember("M-004", "Hof zum Filz", FARM, "Ohlstadt", shares=6),
    DemoMember("M-005", "Lindnerhof GbR", FARM, "Eglfing", shares=4),
    DemoMember("M-006", "Hof Schwaiger", FARM, "Spatzenhausen", shares=4),
    DemoMember("M-007", "Berghof Reiter", FARM, "Bad Kohlgrub", shares=2),
    DemoMember("M-008", "Hof Kirchmair", FARM, "Habach"),
    DemoMember("M-009", "Ziegenhof Sailer", FARM, "Aidling"),
    DemoMember("M-010", "Moosbauer Milchhof", FARM, "Sindelsdorf"),
    DemoMember("M-011", "Gut Achrain", FARM, "Antdorf"),
    DemoMember("M-012", "Hof Neuner", FARM, "Hofheim"),
    DemoMember("M-013", "Obsthof Probst", FARM, "Iffeldorf"),
    DemoMember("M-014", "Waldgemeinschaft Höhlmühle", FARM, "Riegsee"),
    DemoMember("M-015", "Hof Zwerger", FARM, "Obersöchering"),
    DemoMember(BERND, "Schreinerei Lechner", WOOD, "Murnau"),
    DemoMember("M-017", "Zimmerei Doll", WOOD, "Huglfing"),
    DemoMember("M-018", "Möbelbau Oswald", WOOD, "Penzberg"),
    DemoMember("M-019", "Metallbau Kröll", METAL, "Penzberg"),
    DemoMember("M-020", "Schlosserei Bichler", METAL, "Iffeldorf"),
    DemoMember("M-021", "Landtechnik Fuchs", METAL, "Murnau"),
    DemoMember("M-022", "Elif Aydın", MAKER, "Penzberg"),
    DemoMember("M-023", "Jonas Weber", MAKER, "Murnau"),
    DemoMember("M-024", "Modellbauclub Staffelsee", MAKER, "Seehausen"),
    DemoMember("M-025", "Clara Stern", MAKER, "Habach"),
    DemoMember("M-026", "Repair-Café Oberland", MAKER, "Penzberg"),
    DemoMember("M-027", "Łukasz Nowak", MAKER, "Kochel", "guest"),
    DemoMember("M-028", "Metzgerei Haslinger", BUTCHER, "Uffing"),
    DemoMember("M-029", "Landmetzgerei Gruber", BUTCHER, "Huglfing"),
    DemoMember("M-030", "Wildkammer Estergebirge", BUTCHER, "Ohlstadt", "guest"),
)

LOGINS = (
    DemoLogin("anna@demo.example", "Anna Huber", member=ANNA),
    DemoLogin("bernd@demo.example", "Bernd Lechner", member=BERND),
    DemoLogin("wanda@demo.example", "Wanda Wirth", manages=True),
    DemoLogin("karl@demo.example", "Karl Kassner", is_treasurer=True),
    DemoLogin("rita@demo.example", "Rita Ramsauer", is_admin=True),
)
PASSWORD = "ringbuch-demo"
