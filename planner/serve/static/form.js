"use strict";
(() => {
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const form = document.querySelector("form.settings");
  if (!form) return;

  const groups = all(".group", form);
  const fields = all(".field", form);
  const wasOpen = new Map(groups.map((group) => [group, group.open]));
  const find = document.getElementById("find");
  const onlySet = document.getElementById("only-set");
  const found = document.getElementById("found");

  const control = (field) => field.querySelector("[data-before]");
  const mark = (field) => {
    const input = control(field);
    field.classList.toggle("changed", input.value.trim() !== input.dataset.before.trim());
  };

  const narrow = () => {
    const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
    const isNarrow = words.length > 0 || onlySet.checked;
    let count = 0;
    fields.forEach((field) => {
      const isSet = field.matches(".set, .changed");
      const isIn = words.every((word) => field.dataset.words.includes(word)) && (isSet || !onlySet.checked);
      field.hidden = !isIn;
      count += isIn ? 1 : 0;
    });
    groups.forEach((group) => {
      const hasOne = all(".field:not([hidden])", group).length > 0;
      group.hidden = isNarrow && !hasOne;
      group.open = isNarrow ? hasOne : wasOpen.get(group);
      if (isNarrow) all("details.more", group).forEach((part) => { part.open = true; });
    });
    found.textContent = isNarrow ? `${count} settings` : "";
  };

  // Beside a list of ids: boxes that write into it, made when they are opened.
  const picker = (input) => {
    const part = document.createElement("details");
    const head = document.createElement("summary");
    head.textContent = "Choose";
    part.append(head);
    part.className = "picker";
    const split = () => input.value.split(",").map((one) => one.trim()).filter(Boolean);
    part.addEventListener("toggle", () => {
      if (!part.open || part.childElementCount > 1) return;
      const box = document.createElement("div");
      all("option", document.getElementById(input.dataset.ids)).forEach(({ value }) => {
        const label = document.createElement("label");
        const check = document.createElement("input");
        check.type = "checkbox";
        check.checked = split().includes(value);
        check.addEventListener("change", () => {
          const ids = split().filter((one) => one !== value && one !== "all");
          if (check.checked) ids.push(value);
          input.value = ids.join(", ");
          input.dispatchEvent(new Event("input", { bubbles: true }));
        });
        label.append(check, ` ${value}`);
        box.append(label);
      });
      part.append(box);
    });
    input.after(part);
  };

  form.addEventListener("input", (event) => {
    const field = event.target.closest(".field");
    if (field && event.target.matches("[data-before]")) mark(field);
  });
  document.querySelector(".filter").hidden = false;
  find.addEventListener("input", narrow);
  find.addEventListener("keydown", (event) => {
    if (event.key === "Enter") event.preventDefault();
  });
  onlySet.addEventListener("change", narrow);
  all("input[data-ids]", form).forEach(picker);

  const openAt = () => {
    const id = decodeURIComponent(location.hash.slice(1)) || form.dataset.added;
    const target = id && document.getElementById(id);
    const group = target && target.closest(".group");
    if (!group) return;
    group.open = true;
    const more = target.closest("details.more");
    if (more) more.open = true;
    target.scrollIntoView({ block: target.matches("fieldset") ? "start" : "center" });
    if (target.matches("input, select, textarea")) target.focus();
  };
  window.addEventListener("hashchange", openAt);
  openAt();
  const summary = document.getElementById("summary");
  if (summary) summary.focus();

  const map = document.getElementById("place-map");
  if (map) {
    const said = document.getElementById("place-said");
    map.addEventListener("click", async (event) => {
      const box = map.getBoundingClientRect();
      const view = map.viewBox.baseVal;
      const x = ((event.clientX - box.left) / box.width) * view.width;
      const y = ((event.clientY - box.top) / box.height) * view.height;
      try {
        const answer = await fetch(`${map.dataset.place}?x=${x.toFixed(1)}&y=${y.toFixed(1)}`);
        if (!answer.ok) throw new Error(String(answer.status));
        const place = await answer.json();
        ["lat", "lon", "country", "like"].forEach((key) => {
          document.getElementById(`new-${key}`).value = place[key];
        });
        const mark = document.getElementById("new-place");
        mark.setAttribute("cx", x);
        mark.setAttribute("cy", y);
        mark.removeAttribute("hidden");
        const where = place.country ? `in ${place.country}` : "not on land that is known";
        said.textContent =
          `${place.lat}, ${place.lon}, ${where}, ${place.km} km from ${place.like}. Give it a name and an id, then Add.`;
      } catch {
        said.textContent = "Nothing is known of this place; type where the site is.";
      }
    });
  }
})();
