"use strict";
(() => {
  const map = document.getElementById("map");
  const one = (selector, within = document) => within && within.querySelector(selector);
  const all = (selector, within = document) => (within ? [...within.querySelectorAll(selector)] : []);

  const showYear = (slider) => {
    const years = slider.dataset.years.split(" ");
    const year = years[Number(slider.value)];
    all("g.year", map).forEach((part) => part.toggleAttribute("hidden", part.dataset.year !== year));
    one("#map-year-shown").textContent = year;
    slider.setAttribute("aria-valuetext", year);
  };

  const showColouring = (colouring) => {
    map.dataset.colouring = colouring;
    all(".key-colouring", map).forEach((part) => part.toggleAttribute("hidden", part.dataset.colouring !== colouring));
  };

  const reachData = one("#reach-data");
  const reach = reachData ? JSON.parse(reachData.textContent) : {};

  const cell = (kind, text, className) => {
    const made = document.createElement(kind);
    const inner = document.createElement("bdi");
    inner.textContent = text;
    made.append(inner);
    if (className) made.className = className;
    return made;
  };

  const showReach = (site) => {
    const part = one("#reach");
    const of = reach[site];
    if (!part || !of) return;
    const table = document.createElement("table");
    const caption = table.createCaption();
    caption.className = "on-paper";  // where the choice is not printed
    caption.append(...cell("b", one("#reach-site").selectedOptions[0].textContent).childNodes);
    const head = table.createTHead().insertRow();
    const heads = [["users in"], ["workload"], ["served, kH100e", "num"], ["round trip, ms", "num"]];
    heads.forEach(([text, kind]) => {
      const made = cell("th", text, kind);
      made.scope = "col";
      head.append(made);
    });
    const body = table.createTBody();
    of.rows.forEach(([region, workload, served, trip]) => {
      const row = body.insertRow();
      const first = cell("th", region);
      first.scope = "row";
      row.append(first, cell("td", workload), cell("td", served, "num"), cell("td", trip, "num"));
    });
    const more = document.createElement("p");
    more.className = "note";
    const left = of.of - of.rows.length;
    more.textContent = left > 0 ? `The ${of.rows.length} largest of ${of.of}.` : "";
    part.replaceChildren(table, more);
  };

  const choose = (circle) => {
    all(".chosen", map).forEach((other) => other.classList.remove("chosen"));
    circle.classList.add("chosen");
    const picked = one(".picked", map);
    picked.textContent = circle.querySelector("title").textContent;
    const select = one("#reach-site");
    if (select && reach[circle.dataset.site]) {
      select.value = circle.dataset.site;
      showReach(select.value);
    }
  };

  const scrollable = () =>
    all(".scroll").forEach((part) => {
      if (part.scrollWidth > part.clientWidth + 1) {
        part.tabIndex = 0;
        part.setAttribute("role", "group");
        part.setAttribute("aria-label", "table, can be scrolled sideways");
      } else {
        ["tabindex", "role", "aria-label"].forEach((name) => part.removeAttribute(name));
      }
    });

  all(".controls, .picked").forEach((part) => part.removeAttribute("hidden"));
  if (map) {
    const slider = one("#map-year");
    if (slider) slider.addEventListener("input", () => showYear(slider));
    all("input[name=colouring]", map).forEach((input) =>
      input.addEventListener("change", () => showColouring(input.value)));
    map.addEventListener("click", (event) => {
      const circle = event.target.closest("circle.site");
      if (circle) choose(circle);
    });
  }
  const select = one("#reach-site");
  if (select) {
    select.addEventListener("change", () => showReach(select.value));
    showReach(select.value);
  }
  all("details").forEach((part) => part.addEventListener("toggle", scrollable));
  window.addEventListener("resize", scrollable);
  // What is folded away is printed, but for the figures of charts, which are printed as drawn.
  const folded = () => all("details:not([open])").filter((part) => !part.closest("figure"));
  let opened = [];
  window.addEventListener("beforeprint", () => {
    opened = folded();
    opened.forEach((part) => { part.open = true; });
  });
  window.addEventListener("afterprint", () => opened.forEach((part) => { part.open = false; }));
  scrollable();
})();
