"""The people and places of the demo ring. All names are fictitious."""

from __future__ import annotations

from dataclasses import dataclass

MURNAU, PENZBERG, UFFING = "machine-hall", "open-workshop", "slaughterhouse"
FARM, WOOD, METAL, MAKER, BUTCHER = "Landwirtschaft", "Schreinerei", "Metallbau", "Werken", "Metzgerei"


@dataclass(frozen=True, slots=True)
class DemoMember:
    """A member: number, name, trade; address on one line; price class; shares of the combine."""

    number: str
    name: str
    trade: str
    address: str
    price_class: str = "member"
    shares: int = 0


@dataclass(frozen=True, slots=True)
class DemoWorkshop:
    """A workshop; hours per weekday as (opens, closes) in hours, None when closed."""

    slug: str
    name: str
    address: str
    phone: str  # of the numbers that are set aside for films
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


RING_ADDRESS = "Am Bahnhof 4, 82418 Murnau am Staffelsee"

WORKSHOPS = (
    DemoWorkshop(
        MURNAU, "Maschinenhalle Murnau", "Am Bahnhof 4, 82418 Murnau", "089 99998 110", (0, 24), (0, 24), (0, 24), False
    ),
    DemoWorkshop(
        PENZBERG,
        "Offene Werkstatt Penzberg",
        "Zechenstraße 11, 82377 Penzberg",
        "089 99998 220",
        (8, 22),
        (9, 18),
        None,
        True,
    ),
    DemoWorkshop(
        UFFING, "Schlachthaus Uffing", "Seefeldweg 2, 82449 Uffing", "089 99998 330", (6, 18), (6, 12), None, True
    ),
)

ANNA, BERND = "M-001", "M-016"

MEMBERS = (
    DemoMember(ANNA, "Hof Huber", FARM, "Seestraße 12, 82418 Seehausen", shares=10),
    DemoMember("M-002", "Hof Maier", FARM, "Dorfstraße 3, 82418 Riegsee", shares=8),
    DemoMember("M-003", "Biohof Angerer", FARM, "Hauptstraße 21, 82449 Uffing", shares=6),
    DemoMember("M-004", "Hof zum Filz", FARM, "Filzweg 1, 82441 Ohlstadt", shares=6),
    DemoMember("M-005", "Lindnerhof GbR", FARM, "Kirchstraße 5, 82436 Eglfing", shares=4),
    DemoMember("M-006", "Hof Schwaiger", FARM, "Lindenweg 2, 82447 Spatzenhausen", shares=4),
    DemoMember("M-007", "Berghof Reiter", FARM, "Berghof 1, 82433 Bad Kohlgrub", shares=2),
    DemoMember("M-008", "Hof Kirchmair", FARM, "Penzberger Straße 8, 82392 Habach"),
    DemoMember("M-009", "Ziegenhof Sailer", FARM, "Aidling, hinter der Kirche"),
    DemoMember("M-010", "Moosbauer Milchhof", FARM, "Moosweg 4, 82404 Sindelsdorf"),
    DemoMember("M-011", "Gut Achrain", FARM, "Achrain 1, 82387 Antdorf"),
    DemoMember("M-012", "Hof Neuner", FARM, "Bergstraße 7, 82418 Hofheim"),
    DemoMember("M-013", "Obsthof Probst", FARM, "Staltacher Straße 9, 82393 Iffeldorf"),
    DemoMember("M-014", "Waldgemeinschaft Höhlmühle", FARM, "Höhlmühle 2, 82418 Riegsee"),
    DemoMember("M-015", "Hof Zwerger", FARM, "Hauptstraße 30, 82395 Obersöchering"),
    DemoMember(BERND, "Schreinerei Lechner", WOOD, "Bahnhofplatz 7, 82418 Murnau"),
    DemoMember("M-017", "Zimmerei Doll", WOOD, "Hechenbergstraße 6, 82386 Huglfing"),
    DemoMember("M-018", "Möbelbau Oswald", WOOD, "Sindelsdorfer Straße 14, 82377 Penzberg"),
    DemoMember("M-019", "Metallbau Kröll", METAL, "Zechenstraße 3, 82377 Penzberg"),
    DemoMember("M-020", "Schlosserei Bichler", METAL, "Bahnhofstraße 11, 82393 Iffeldorf"),
    DemoMember("M-021", "Landtechnik Fuchs", METAL, "Weilheimer Straße 25, 82418 Murnau"),
    DemoMember("M-022", "Elif Aydın", MAKER, "Karlstraße 17, 82377 Penzberg"),
    DemoMember("M-023", "Jonas Weber", MAKER, "Kohlgruber Straße 2a, 82418 Murnau"),
    DemoMember("M-024", "Modellbauclub Staffelsee", MAKER, "Seestraße 40, 82418 Seehausen"),
    DemoMember("M-025", "Clara Stern", MAKER, "Kirchplatz 3, 82392 Habach"),
    DemoMember("M-026", "Repair-Café Oberland", MAKER, "Im Thal 6, 82377 Penzberg"),
    DemoMember("M-027", "Łukasz Nowak", MAKER, "Mittenwalder Straße 19, 82431 Kochel", "guest"),
    DemoMember("M-028", "Metzgerei Haslinger", BUTCHER, "Hauptstraße 4, 82449 Uffing"),
    DemoMember("M-029", "Landmetzgerei Gruber", BUTCHER, "Ettinger Straße 1, 82386 Huglfing"),
    DemoMember("M-030", "Wildkammer Estergebirge", BUTCHER, "Partenkirchner Straße 33, 82441 Ohlstadt", "guest"),
)

# Left at the end of the year before: holds shares in that year alone, and uses no machine.
LEAVER = DemoMember("M-031", "Hof Gistl", FARM, "Riedweg 5, 82441 Ohlstadt", shares=2)

LOGINS = (
    DemoLogin("anna@demo.example", "Anna Huber", member=ANNA),
    DemoLogin("bernd@demo.example", "Bernd Lechner", member=BERND),
    DemoLogin("wanda@demo.example", "Wanda Wirth", manages=True),
    DemoLogin("karl@demo.example", "Karl Kassner", is_treasurer=True),
    DemoLogin("rita@demo.example", "Rita Ramsauer", is_admin=True),
)
PASSWORD = "ringbuch-demo"
