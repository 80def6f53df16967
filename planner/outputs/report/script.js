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

  const choose = (circle) => {
    all(".chosen", map).forEach((other) => other.classList.remove("chosen"));
    circle.classList.add("chosen");
    const picked = one(".picked", map);
    picked.textContent = circle.querySelector("title").textContent;
    const served = all("#reach details").find((part) => part.dataset.site === circle.dataset.site);
    if (served) served.open = true;
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
  all("details").forEach((part) => part.addEventListener("toggle", scrollable));
  window.addEventListener("resize", scrollable);
  // What is folded away is printed, but for the figures of charts, which are printed as drawn, and users of sites.
  const folded = () => all("details:not([open])").filter((part) => !part.closest("figure, #reach"));
  let opened = [];
  window.addEventListener("beforeprint", () => {
    opened = folded();
    opened.forEach((part) => { part.open = true; });
  });
  window.addEventListener("afterprint", () => opened.forEach((part) => { part.open = false; }));
  scrollable();
})();
