"""A change of each setting of tariffs, as parts of a text that are written again."""

from __future__ import annotations

from typing import Final

OWN: Final = (
    "{energy: [{name: use, usd_per_mwh: [44, 47], tier_limits_mwh: [9000], periods: [{name: dusk,"
    " usd_per_mwh: [81, 83], tier_limits_mwh: [700], months: [6, 7], weekdays: workdays,"
    " from_hour: 16, to_hour: 21}]}], demand: [{name: peak, usd_per_kw_month: [7.5, 9.5],"
    " tier_limits_kw: [5000], months: [2, 3], weekdays: all, from_hour: 8, to_hour: 20,"
    " min_take_frac: 0.85, ratchet: {share_frac: 0.65, look_back_months: 11, months: [7, 8]}}],"
    " coincident_peak: [{name: cp, usd_per_kw: 23, hours: [15, 18]}],"
    " capacity: [{name: cap, usd_per_mw_day: 260, hours: [17]}],"
    " standing: [{name: meter, usd_per_month: 900, usd_per_day: 13}],"
    " terms: {load_min_mw: 25, ramp_years_max: 4, term_years: 6, exit_fee_months: 0,"
    " reduction_frac: 0.2}, bundle: bundled, escalation_real_frac: 0.03, time_zone: Asia/Tokyo}"
)
PLAIN: Final = "{demand: [{usd_per_kw_month: 7.5, min_take_frac: 0.85}], terms: %s}"
TERMS: Final = "{term_years: 6, exit_fee_months: 14, reduction_frac: 0.2}"
USE: Final = "{tariff: us-va-dominion-energy, terms: us-large-load-default, sites: [oak],"
USE_FROM: Final = f"{USE} from_year: 2027, ramp_frac: [0.6]}}"
ZONE: Final = "{tariff: us-va-dominion-energy, zones: [east]}"

_OF_OWN: Final = (
    ("energy.*.name", "name: use", "name: energy"),
    ("energy.*.usd_per_mwh", "[44, 47]", "[44, 48]"),
    ("energy.*.tier_limits_mwh", "[9000]", "[9100]"),
    ("energy.*.periods.*.name", "dusk", "evening"),
    ("energy.*.periods.*.usd_per_mwh", "[81, 83]", "[82, 83]"),
    ("energy.*.periods.*.tier_limits_mwh", "[700]", "[800]"),
    ("energy.*.periods.*.months", "[6, 7]", "[6, 8]"),
    ("energy.*.periods.*.weekdays", "workdays", "weekend"),
    ("energy.*.periods.*.from_hour", "from_hour: 16", "from_hour: 17"),
    ("energy.*.periods.*.to_hour", "to_hour: 21", "to_hour: 22"),
    ("demand.*.name", "name: peak", "name: top"),
    ("demand.*.usd_per_kw_month", "[7.5, 9.5]", "[7.5, 9.6]"),
    ("demand.*.tier_limits_kw", "[5000]", "[5100]"),
    ("demand.*.months", "[2, 3]", "[2, 4]"),
    ("demand.*.weekdays", "weekdays: all", "weekdays: weekend"),
    ("demand.*.from_hour", "from_hour: 8", "from_hour: 9"),
    ("demand.*.to_hour", "to_hour: 20", "to_hour: 19"),
    ("demand.*.min_take_frac", "0.85", "0.86"),
    ("demand.*.ratchet.*.share_frac", "0.65", "0.66"),
    ("demand.*.ratchet.*.look_back_months", "months: 11", "months: null"),
    ("demand.*.ratchet.*.months", "[7, 8]", "[7, 9]"),
    ("coincident_peak.*.name", "name: cp", "name: cp5"),
    ("coincident_peak.*.usd_per_kw", "kw: 23", "kw: 24"),
    ("coincident_peak.*.hours", "[15, 18]", "[15, 19]"),
    ("capacity.*.name", "name: cap", "name: plc"),
    ("capacity.*.usd_per_mw_day", "260", "270"),
    ("capacity.*.hours", "[17]", "[18]"),
    ("standing.*.name", "meter", "meters"),
    ("standing.*.usd_per_month", "month: 900", "month: 901"),
    ("standing.*.usd_per_day", "usd_per_day: 13", "usd_per_day: 14"),
    ("terms.*.load_min_mw", "mw: 25", "mw: 26"),
    ("terms.*.ramp_years_max", "ramp_years_max: 4", "ramp_years_max: 5"),
    ("bundle", "bundle: bundled", "bundle: delivery"),
    ("escalation_real_frac", "0.03", "null"),
    ("time_zone", "Asia/Tokyo", "null"),
)
_OF_TERMS: Final = (("term_years", "6", "1"), ("exit_fee_months", "14", "15"), ("reduction_frac", "0.2", "0.3"))
_OF_USE: Final = (
    ("tariff", USE_FROM, "us-va-dominion-energy", "us-mn-xcel-energy"),
    ("terms", USE_FROM, "us-large-load-default", "us-oh-aep-ohio-dct"),
    ("sites", USE_FROM, "[oak]", "[elm]"),
    ("zones", ZONE, "[east]", "[west]"),
    ("from_year", USE_FROM, "2027", "2025"),
    ("ramp_frac", USE_FROM, "[0.6]", "[0.7]"),
)


def tariff_changes() -> dict[str, tuple[str, tuple[str, ...]]]:
    """Return for each key of the schema a change, and the settings that go before it."""
    use = "energy.tariffs=[{tariff: own, sites: all}]"
    changes = {}
    for key, old, new in _OF_OWN:
        assert OWN.count(old) == 1, old
        first = (f"energy.own_tariffs={{own: {OWN}}}", use)
        then = f"energy.own_tariffs={{own: {OWN.replace(old, new)}}}"
        changes[f"energy.own_tariffs.*.{key}"] = (then, first)
    for key, old, new in _OF_TERMS:
        first = (f"energy.own_tariffs={{own: {PLAIN % TERMS}}}", use)
        changed = TERMS.replace(f"{key}: {old}", f"{key}: {new}")
        then = f"energy.own_tariffs={{own: {PLAIN % changed}}}"
        changes[f"energy.own_tariffs.*.terms.*.{key}"] = (then, first)
    for key, stated, old, new in _OF_USE:
        then = f"energy.tariffs=[{stated.replace(old, new)}]"
        changes[f"energy.tariffs.*.{key}"] = (then, (f"energy.tariffs=[{stated}]",))
    return changes
