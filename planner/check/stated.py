"""Rows of the program said again: power from racks to the meter, water, carbon; halls and sites."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.check.stating import LinearForm, columns, every_slot, row, total

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from planner.check.stating import Here, StatedRow

_WAITING = "site shape window year"
_HALL = "site hall year"

# --- Racks and halls ------------------------------------------------------------------------------


def in_service(h: Here, of: Callable[[Here], float]) -> LinearForm:
    """Racks at work and standing by, times a figure."""
    return h.total("used", of) + h.total("standby_mw", of)


def moves_frac(u: Here) -> float:
    """Share of its work that may move between sites."""
    stated = u.case.scenario.workloads.get(u.workload)
    return float(u.use["deferrable_frac"]) if stated is not None and stated.moves_between_sites else 0.0


def stays_mw(u: Here) -> float:
    """Power that follows load and stays at its site, per MW of racks in use."""
    return float(u.use["dynamic_mw_per_mw"]) * (1.0 - moves_frac(u))


def gone_mw(h: Here) -> LinearForm:
    """Critical IT power of a hall design whose retrofit has begun."""
    return h.total("retrofit", lambda r: h.share(r.listed("halls.retrofit_start", "halls.retrofit")), free="year")


def usable_mw(h: Here) -> LinearForm:
    """Critical IT power usable in a hall design: built, existing, less what is retrofitted, leased."""
    ramp = h.case.inputs.halls
    built = h.total(
        "build",
        lambda b: (
            h.share(
                b.listed("halls.build_start", "halls.build"),
                ramp_months=ramp.ramp_months,
                ramp_mean_frac=ramp.ramp_mean_frac,
            )
            if b.start <= h.start
            else 0.0
        ),
        free="year",
    )
    come = _come_mw(h, "done")
    return built + come - gone_mw(h) + h.x("lease") + h.listed("halls.existing_mw", "halls.hall", 0.0)


def _come_mw(h: Here, since: str) -> LinearForm:
    """Critical IT power that retrofits bring a hall design, since their start or since they are done."""
    return h.total(
        "retrofit",
        lambda r: (
            h.share(r.listed(f"halls.retrofit_{since}", "halls.retrofit"))
            * r.listed("halls.retrofit_capacity_frac", "halls.retrofit")
            if r.to_hall == h.hall
            else 0.0
        ),
        free="year hall",
    )


def at_work_mw(h: Here) -> LinearForm:
    """Critical IT power of a hall design that retrofits are at work on."""
    return _come_mw(h, "start") - _come_mw(h, "done")


def operated_mw(h: Here) -> LinearForm:
    """Critical IT power that is operated as a design."""
    into = h.total("operate", lambda o: float(o.as_hall == h.hall), free="hall")
    return usable_mw(h) + into - h.total("operate")


# --- From racks to the meter ----------------------------------------------------------------------


def shaped(h: Here) -> Iterator[Here]:
    return (u.at(cooling=u.cooling_of_hall, shape=u.use["shape"]) for u in h.each("used"))


def waits(h: Here) -> Iterator[Here]:
    return (u.at(shape=u.use["shape"], window=u.use["window"]) for u in h.each("used") if u.use["window"])


def _of_waiting(h: Here, of: Callable[[Here], float]) -> LinearForm:
    mine = (h.shape, h.window)
    return h.total("used", lambda u: of(u) if (u.use["shape"], u.use["window"]) == mine else 0.0)


@row("site cooling year", shaped)
def idle_load(h: Here) -> StatedRow:
    return h.x("idle_mw") == in_service(h, lambda u: u.use["idle_mw_per_mw"] if u.cooling_of_hall == h.cooling else 0.0)


@row("site cooling shape year", shaped)
def dynamic_load(h: Here) -> StatedRow:
    mine = (h.cooling, h.shape)
    follows = h.total("used", lambda u: stays_mw(u) if (u.cooling_of_hall, u.use["shape"]) == mine else 0.0)
    return h.x("dynamic_mw") == follows


@row(_WAITING, waits)
def deferrable_load(h: Here) -> StatedRow:
    return h.x("deferrable_mw") == _of_waiting(h, lambda u: u.use["dynamic_mw_per_mw"] * u.use["deferrable_frac"])


@row(_WAITING, waits)
def busy_load(h: Here) -> StatedRow:
    return h.x("busy_mw") == _of_waiting(h, lambda u: u.use["dynamic_mw_per_mw"] * (1.0 - u.use["deferrable_frac"]))


@row(_WAITING, waits)
def full_load(h: Here) -> StatedRow:
    return h.x("full_mw") == _of_waiting(h, lambda u: u.use["dynamic_mw_per_mw"] / u.use["utilisation_frac"])


def shape_frac(h: Here) -> float:
    return h.given("power.shape_frac", "site", "shape", "slot")


def window_h(h: Here) -> int:
    if "window" in h.labels:
        return int(h.window.removesuffix("h"))
    return max(h.stored.window_h[h.workload], h.case.scenario.time.slot_h)


def begins(h: Here) -> list[str]:
    return [slot for slot, (_, hour) in h.stored.slots.items() if hour % window_h(h) == 0]


@row(f"{_WAITING} slot", waits, begins)
def deferral_balance(h: Here) -> StatedRow:
    block = [h.at(slot=slot) for slot in h.stored.block_of_day(h.slot, window_h(h))]
    done, due = (
        total(of) for of in ((b.x("defer_mw") for b in block), (b.x("deferrable_mw") * shape_frac(b) for b in block))
    )
    return done * h.slot_h == due * h.slot_h


@row(f"{_WAITING} slot", waits, every_slot)
def deferral_room(h: Here) -> StatedRow:
    return h.x("defer_mw") <= h.x("full_mw") - h.x("busy_mw") * shape_frac(h)


def loss_frac(h: Here) -> float:
    return h.given("power.loss_variable_frac", "hall")


@row("site year", "sites.site_year")
def base_losses(h: Here) -> StatedRow:
    halls = h.each("halls.hall")
    standing = total((operated_mw(d) + at_work_mw(d)) * d.given("power.loss_fixed_frac", "hall") for d in halls)
    return h.x("loss_base_mw") == standing + in_service(h, lambda u: u.use["idle_mw_per_mw"] * loss_frac(u))


@row("site shape year", shaped)
def following_losses(h: Here) -> StatedRow:
    follows = h.total("used", lambda u: stays_mw(u) * loss_frac(u) if u.use["shape"] == h.shape else 0.0)
    return h.x("loss_dynamic_mw") == follows


def it_mw(h: Here) -> LinearForm:
    """IT power of a cooling technology; what may move counts where and when it is done."""
    moving = total(w.x("migrating_mw") for w in _moving(h) if w.cooling_of_hall == h.cooling)
    return h.x("idle_mw") + h.total("dynamic_mw", shape_frac) + moving


def _moving(h: Here) -> Iterator[Here]:
    may_move = len(h.stored.block("columns", "migrating_mw")) > 0
    return (u for u in h.each("used") if moves_frac(u)) if may_move else iter(())


def shifted_mw(h: Here) -> LinearForm:
    """Work done in a time slice less what is due in it."""
    return total(d.x("defer_mw") - d.x("deferrable_mw") * shape_frac(d) for d in h.each("deferrable_mw"))


def losses_mw(h: Here) -> LinearForm:
    """Electrical losses in a time slice."""
    moving = total(w.x("migrating_mw") * loss_frac(w) for w in _moving(h))
    return h.x("loss_base_mw") + h.total("loss_dynamic_mw", shape_frac) + moving


def migrated_mw(h: Here) -> LinearForm:
    """Work that moves between sites done in a time slice less what is due in it."""
    return total(w.x("migrating_mw") - due_mw(w) for w in _moving(h))


def facility_mw(h: Here) -> LinearForm:
    """IT power, cooling and losses in a time slice."""
    cooled = (it_mw(c) * (1.0 + c.given("power.mechanical_frac", "site", "cooling", "slot")) for c in h.each("idle_mw"))
    deferred = shifted_mw(h) * (1.0 + h.given("power.defer_mechanical_frac", "site", "slot"))
    return total((*cooled, deferred, losses_mw(h)))


def site_mw(h: Here) -> LinearForm:
    """What a site uses in a time slice."""
    return facility_mw(h) + h.given("power.other_load_mw", "site", "slot")


def grid_mw(h: Here) -> LinearForm:
    """What is drawn from the grid in a time slice."""
    return h.x("import_mw") if h.has("import_mw") else site_mw(h)


# --- Work between sites ---------------------------------------------------------------------------


def due_mw(w: Here) -> LinearForm:
    """Work that may move of racks in use, due in a time slice."""
    due: float = moves_frac(w) * w.use["dynamic_mw_per_mw"] * shape_frac(w.at(shape=w.use["shape"]))
    return w.x("used") * due


@row("site rack hall workload year slot", columns("used", where=lambda u: moves_frac(u) > 0.0), every_slot)
def migration_room(h: Here) -> StatedRow:
    full = float(h.use["dynamic_mw_per_mw"] / h.use["utilisation_frac"])
    return h.x("migrating_mw") <= h.x("used") * (full - stays_mw(h) * shape_frac(h.at(shape=h.use["shape"])))


def migrated_mwh(h: Here, uses: Iterable[Here], slots: Iterable[str] | None = None) -> LinearForm:
    """Work that moves done by uses of racks in a block of the day, or in time slices, less what is due there."""
    block = block_of_workload(h) if slots is None else list(slots)
    moving = [u.at(slot=slot) for u in uses if moves_frac(u) for slot in block]
    return total(w.x("migrating_mw") - due_mw(w) for w in moving) * h.slot_h


@row("site rack workload year slot", "arrived_mwh")
def migration_arrivals(h: Here) -> StatedRow:
    return migrated_mwh(h, h.each("used")) <= h.x("arrived_mwh")


def block_of_workload(h: Here) -> list[str]:
    """Time slices within which a workload may put its work off."""
    return h.stored.block_of_day(h.slot, window_h(h))


# --- Grid -----------------------------------------------------------------------------------------


def connected_mw(h: Here) -> LinearForm:
    """Non-firm connection in service."""
    return h.total(
        "connect_mw",
        lambda c: (
            h.share(c.listed("non_firm.start", "non_firm.connect"), c.listed("non_firm.turns_firm", "non_firm.connect"))
            if c.start <= h.start
            else 0.0
        ),
        free="year",
    )


def firm_mw(h: Here) -> LinearForm:
    """Firm connection of a site, that of leased halls and what has turned firm."""
    own = h.total(
        "expand",
        lambda e: h.share(e.listed("grid.expand_start", "grid.expand")) if e.start <= h.start else 0.0,
        free="year",
    )
    turned = h.total(
        "connect_mw",
        lambda c: h.share(c.listed("non_firm.turns_firm", "non_firm.connect")) if c.start <= h.start else 0.0,
        free="year",
    )
    leased = h.total("lease", float(h.case.inputs.grid.lease_firm_mw_per_mw))
    return own + turned + leased + h.listed("grid.firm_mw", "grid.firm", 0.0)


@row("site year period", "grid.billing")
def grid_connection(h: Here) -> StatedRow:
    return h.x("peak_mw") <= firm_mw(h) + connected_mw(h)


@row("site year period slot", "grid.billing", lambda h: [s.slot for s in h.each("grid.billing_slot")])
def billed_peak(h: Here) -> StatedRow:
    return grid_mw(h) <= h.x("peak_mw")


@row("site year", "grid.firm")
def contract_floor(h: Here) -> StatedRow:
    share = float(h.case.scenario.grid.contract_min_nameplate_frac)
    nameplate = in_service(h, lambda u: share * (1.0 + u.use["companion_mw_per_mw"]))
    runs = [c for c in h.each("supply.dispatch") if c.stored.role[c.source] in ("firm", "standby")]
    always = total(c.x("capacity_mw") for c in runs if not c.has("supply.run_hours"))
    return nameplate <= firm_mw(h) + connected_mw(h) + always


# --- Water and carbon -----------------------------------------------------------------------------


def water_m3(h: Here) -> LinearForm:
    """Water evaporated in a year."""

    def evaporated(s: Here) -> LinearForm:
        return total(it_mw(c) * c.given("power.wue_l_per_kwh", "site", "cooling", "slot") for c in s.each("idle_mw"))

    return h.over_slots(evaporated)


@row("site year", "carbon.water_limit")
def water_limit(h: Here) -> StatedRow:
    return water_m3(h) / 1e3 <= LinearForm({}, h.listed("carbon.water_limit_m3", "carbon.water_limit") / 1e3)


@row("site year", "carbon.water_permit")
def water_permit(h: Here) -> StatedRow:
    usable = total(usable_mw(d) for d in h.each("halls.hall"))
    return water_m3(h) / 1e3 <= usable * (h.listed("carbon.water_permit_m3_per_mw", "carbon.water_permit") / 1e3)


def location_t(h: Here) -> LinearForm:
    """Emissions of power drawn, by the grid it is drawn from, and of fuel burnt, of a site in a year."""
    drawn = h.over_slots(lambda s: grid_mw(s) * s.listed("carbon.location_t_per_mwh", "power.slot"))
    return drawn + burnt_t(h)


def counted_kt(h: Here) -> LinearForm:
    """Emissions that cap and price count, of a site in a year."""
    claimed = h.over_slots(lambda s: s.x("claim_mw") * s.listed("carbon.claim_t_per_mwh", "contracts.claim", 0.0))
    return (location_t(h) - claimed + embodied_t(h)) / 1e3


def embodied_t(h: Here) -> LinearForm:
    """Emissions of making what enters service at a site, by the year."""
    made = (
        h.total("install", lambda i: i.listed("carbon.install_t_per_mw", "racks.install")),
        h.total("build", lambda b: b.listed("carbon.build_t_per_mw", "halls.build")),
        h.total("retrofit", lambda r: r.listed("carbon.retrofit_t_per_mw", "halls.retrofit")),
        h.total("source_mw", lambda s: s.listed("carbon.source_t_per_mw", "supply.build")),
        h.total("store_mwh", lambda s: s.listed("carbon.store_t_per_mwh", "supply.build_store")),
    )
    return total(made) / (h.end - h.start)


def burnt_t(h: Here) -> LinearForm:
    """Emissions of fuel burnt at a site in a year."""
    co2 = ((o, o.listed("supply.co2_t_per_mwh", "supply.dispatch")) for o in h.each("supply.dispatch"))
    return total(output_mwh(o) * t_per_mwh for o, t_per_mwh in co2)


def output_mwh(h: Here) -> LinearForm:
    """Output of a source in a year."""
    return h.over_slots(lambda s: s.x("output_mw"))


def source_mwh(h: Here) -> LinearForm:
    """Output of a source in a year; of a battery what it delivers."""
    return output_mwh(h) + h.over_slots(lambda s: s.x("discharge_mw"))


@row("year", "carbon.cap")
def carbon_cap(h: Here) -> StatedRow:
    sites = total(counted_kt(s) for s in h.each("sites.site_year"))
    return sites <= LinearForm({}, h.listed("carbon.cap_kt", "carbon.cap"))


# --- Halls ----------------------------------------------------------------------------------------


def stays_of(h: Here) -> LinearForm:
    """Critical IT power of existing halls that is not retrofitted."""
    return LinearForm({}, h.listed("halls.existing_mw", "halls.hall")) - gone_mw(h)


def for_racks_mw(h: Here) -> LinearForm:
    """Power that racks may take of a design: existing halls may be fuller, whatever they are operated as."""
    halls = h.case.inputs.halls
    fill, usual = h.listed("halls.fill_frac", "halls.hall"), float(halls.new_fill_frac)

    def full(o: Here) -> float:
        return usual if o.fill == "new" else o.listed("halls.fill_frac", "halls.hall")

    into = h.total("operate", lambda o: full(o) * float(o.as_hall == h.hall), free="hall")
    return usable_mw(h) * usual + stays_of(h) * (fill - usual) + into - h.total("operate", full)


@row(_HALL, "halls.hall")
def hall_power(h: Here) -> StatedRow:
    return in_service(h, lambda u: u.use["hall_mw_per_mw"]) <= for_racks_mw(h)


@row(_HALL, "halls.hall")
def hall_space(h: Here) -> StatedRow:
    taken = in_service(h, lambda u: u.use["space_m2_per_mw"] / 1e3)
    return taken <= operated_mw(h) / h.given("halls.density_kw_per_m2", "hall")


def _fuller(h: Here) -> Iterator[Here]:
    """Places where some existing halls that are operated as others may be fuller than new ones."""
    seen = {(o.site, o.hall, o.year): o for o in h.each("operate") if o.fill == "existing"}
    return (o.at(fill=fill) for o in seen.values() for fill in ("new", "existing"))


@row("site hall fill year", _fuller)
def operated_by_fill(h: Here) -> StatedRow:
    room = stays_of(h) if h.fill == "existing" else usable_mw(h) - stays_of(h)
    return h.total("operate") <= room


@row(_HALL, lambda h: (g for r in h.each("retrofit") for g in r.each("halls.hall", free="year") if g.start >= r.start))
def retrofit_source(h: Here) -> StatedRow:
    begun = h.total("retrofit", lambda r: float(r.start <= h.start), free="year")
    existing, ending = (h.listed(f"halls.{of}_mw", "halls.hall") for of in ("existing", "ending"))
    return begun <= LinearForm({}, existing - ending)


@row("site year", "halls.committed")
def committed_halls(h: Here) -> StatedRow:
    early = h.total("build", lambda b: float(b.stage == "committed" and b.start <= h.start), free="year")
    return early <= LinearForm({}, h.listed("halls.committed_mw", "halls.committed"))


@row("site year", "lease")
def lease_depth(h: Here) -> StatedRow:
    return h.total("lease") <= LinearForm({}, h.given("halls.lease_depth_mw", "site"))


# --- Sites ----------------------------------------------------------------------------------------


def stands_mw(h: Here) -> LinearForm:
    """Critical IT power of own halls at a site, ramped or not."""
    built = h.total("build", lambda b: float(b.start <= h.start), free="year")
    existing = sum(d.listed("halls.existing_mw", "halls.hall") for d in h.each("halls.hall"))
    lost = h.total(
        "retrofit",
        lambda r: (1.0 - r.listed("halls.retrofit_capacity_frac", "halls.retrofit")) * (r.start <= h.start),
        free="year",
    )
    return built + existing - lost


def is_new(h: Here) -> bool:
    """Whether a site has to be opened."""
    return not h.given("sites.is_existing", "site")


def open_before(h: Here) -> LinearForm:
    """How far the site was open in the model year before."""
    earlier = [year for year in h.case.years if year < h.start]
    return h.at(year=str(earlier[-1])).x("open") if earlier else LinearForm({})


@row("site year", "sites.site_year")
def land_limit(h: Here) -> StatedRow:
    return stands_mw(h) <= h.x("open") * h.given("sites.land_limit_mw", "site")


@row("site year", columns("open", where=is_new))
def opening(h: Here) -> StatedRow:
    return h.x("open") - open_before(h) <= h.x("opened")


@row("site year", columns("open", where=lambda h: is_new(h) and bool(open_before(h).terms)))
def stays_open(h: Here) -> StatedRow:
    return h.x("open") >= open_before(h)


@row("site year", "build")
def build_rate(h: Here) -> StatedRow:
    return h.total("build") <= LinearForm({}, h.listed("sites.build_rate_mw", "sites.site_year"))


@row("market year", "sites.market_rate")
def market_build_rate(h: Here) -> StatedRow:
    market = dict(zip(h.case.sites["site"], h.case.sites["market"], strict=True))
    built = h.total("build", lambda b: float(market[b.site] == h.market))
    return built <= LinearForm({}, h.listed("sites.market_rate_mw", "sites.market_rate"))


@row("site year", columns("open", where=is_new))
def minimum_size(h: Here) -> StatedRow:
    full, since, needed = h.given("sites.minimum_mw", "site"), 0.0, []
    for begun in (h.at(year=str(year)) for year in reversed(h.case.years) if year <= h.start):
        later, since = since, since + begun.listed("sites.pace_mw", "sites.site_year", 0.0)
        needed.append(begun.x("open") * (min(full, since) - min(full, later)))
    return stands_mw(h) >= total(needed)
