"""Names and orders of dates in the languages known here; every other locale is shown in English (unverified)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Locale:
    """`weekdays` begin with Sunday; `forms` are what `LT LTS L LL LLL LLLL` stand for."""

    months: tuple[str, ...]
    months_short: tuple[str, ...]
    weekdays: tuple[str, ...]
    weekdays_short: tuple[str, ...]
    forms: dict[str, str]


def _locale(months: str, months_short: str, weekdays: str, weekdays_short: str, *forms: str) -> Locale:
    names = ("LT", "LTS", "L", "LL", "LLL", "LLLL")
    return Locale(
        tuple(months.split("_")),
        tuple(months_short.split("_")),
        tuple(weekdays.split("_")),
        tuple(weekdays_short.split("_")),
        dict(zip(names, forms, strict=True)),
    )


ENGLISH = _locale(
    "January_February_March_April_May_June_July_August_September_October_November_December",
    "Jan_Feb_Mar_Apr_May_Jun_Jul_Aug_Sep_Oct_Nov_Dec",
    "Sunday_Monday_Tuesday_Wednesday_Thursday_Friday_Saturday",
    "Sun_Mon_Tue_Wed_Thu_Fri_Sat",
    "h:mm A", "h:mm:ss A", "MM/DD/YYYY", "MMMM D, YYYY", "MMMM D, YYYY h:mm A", "dddd, MMMM D, YYYY h:mm A",
)  # fmt: skip
_LOCALES = {
    "en": ENGLISH,
    "en-gb": _locale(
        "_".join(ENGLISH.months), "_".join(ENGLISH.months_short), "_".join(ENGLISH.weekdays),
        "_".join(ENGLISH.weekdays_short),
        "HH:mm", "HH:mm:ss", "DD/MM/YYYY", "D MMMM YYYY", "D MMMM YYYY HH:mm", "dddd, D MMMM YYYY HH:mm",
    ),
    "de": _locale(
        "Januar_Februar_März_April_Mai_Juni_Juli_August_September_Oktober_November_Dezember",
        "Jan._Feb._März_Apr._Mai_Juni_Juli_Aug._Sep._Okt._Nov._Dez.",
        "Sonntag_Montag_Dienstag_Mittwoch_Donnerstag_Freitag_Samstag",
        "So._Mo._Di._Mi._Do._Fr._Sa.",
        "HH:mm", "HH:mm:ss", "DD.MM.YYYY", "D. MMMM YYYY", "D. MMMM YYYY HH:mm", "dddd, D. MMMM YYYY HH:mm",
    ),
    "fr": _locale(
        "janvier_février_mars_avril_mai_juin_juillet_août_septembre_octobre_novembre_décembre",
        "janv._févr._mars_avr._mai_juin_juil._août_sept._oct._nov._déc.",
        "dimanche_lundi_mardi_mercredi_jeudi_vendredi_samedi",
        "dim._lun._mar._mer._jeu._ven._sam.",
        "HH:mm", "HH:mm:ss", "DD/MM/YYYY", "D MMMM YYYY", "D MMMM YYYY HH:mm", "dddd D MMMM YYYY HH:mm",
    ),
    "es": _locale(
        "enero_febrero_marzo_abril_mayo_junio_julio_agosto_septiembre_octubre_noviembre_diciembre",
        "ene._feb._mar._abr._may._jun._jul._ago._sep._oct._nov._dic.",
        "domingo_lunes_martes_miércoles_jueves_viernes_sábado",
        "dom._lun._mar._mié._jue._vie._sáb.",
        "H:mm", "H:mm:ss", "DD/MM/YYYY", "D [de] MMMM [de] YYYY", "D [de] MMMM [de] YYYY H:mm",
        "dddd, D [de] MMMM [de] YYYY H:mm",
    ),
}  # fmt: skip


def locale(name: str) -> Locale:
    """`de-AT` is `de`, unless it is known by itself."""
    lower = name.lower().replace("_", "-")
    return _LOCALES.get(lower) or _LOCALES.get(lower.partition("-")[0]) or ENGLISH
