"""The regions whose public holidays a workshop can observe: ISO 3166-2 codes with their local names."""

from __future__ import annotations

from zoneinfo import available_timezones

from flask_babel import gettext as _

NO_HOLIDAYS = ""

REGIONS = {
    "DE-BW": "Baden-Württemberg",
    "DE-BY": "Bayern",
    "DE-BE": "Berlin",
    "DE-BB": "Brandenburg",
    "DE-HB": "Bremen",
    "DE-HH": "Hamburg",
    "DE-HE": "Hessen",
    "DE-MV": "Mecklenburg-Vorpommern",
    "DE-NI": "Niedersachsen",
    "DE-NW": "Nordrhein-Westfalen",
    "DE-RP": "Rheinland-Pfalz",
    "DE-SL": "Saarland",
    "DE-SN": "Sachsen",
    "DE-ST": "Sachsen-Anhalt",
    "DE-SH": "Schleswig-Holstein",
    "DE-TH": "Thüringen",
    "AT-1": "Burgenland",
    "AT-2": "Kärnten",
    "AT-3": "Niederösterreich",
    "AT-4": "Oberösterreich",
    "AT-5": "Salzburg",
    "AT-6": "Steiermark",
    "AT-7": "Tirol",
    "AT-8": "Vorarlberg",
    "AT-9": "Wien",
    "CH-AG": "Aargau",
    "CH-AI": "Appenzell Innerrhoden",
    "CH-AR": "Appenzell Ausserrhoden",
    "CH-BE": "Bern",
    "CH-BL": "Basel-Landschaft",
    "CH-BS": "Basel-Stadt",
    "CH-FR": "Freiburg",
    "CH-GL": "Glarus",
    "CH-GR": "Graubünden",
    "CH-LU": "Luzern",
    "CH-NW": "Nidwalden",
    "CH-OW": "Obwalden",
    "CH-SG": "St. Gallen",
    "CH-SH": "Schaffhausen",
    "CH-SO": "Solothurn",
    "CH-SZ": "Schwyz",
    "CH-TG": "Thurgau",
    "CH-UR": "Uri",
    "CH-VS": "Wallis",
    "CH-ZG": "Zug",
    "CH-ZH": "Zürich",
    "IT-BZ": "Südtirol",
    "LI": "Liechtenstein",
}

COUNTRIES = {"DE": "D", "AT": "A", "CH": "CH", "IT": "I", "LI": "FL"}


def region_choices() -> list[tuple[str, str]]:
    """Return codes and names for a selection list, "no public holidays" last."""
    named = [(code, f"{name} ({COUNTRIES[code[:2]]})") for code, name in REGIONS.items()]
    return [*named, (NO_HOLIDAYS, _("no public holidays"))]


def zone_choices(zone: str) -> list[tuple[str, str]]:
    """Return the time zones of Europe for a selection list. zone: the one that is chosen already."""
    zones = {name for name in available_timezones() if name.startswith("Europe/")} | {zone, "UTC"}
    return [(name, name) for name in sorted(zones)]
