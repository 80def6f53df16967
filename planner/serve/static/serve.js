"use strict";
(() => {
  const live = document.getElementById("live");

  // Asks for what has changed until it is over; what is in focus stays in focus.
  const follow = async () => {
    try {
      const answer = await fetch(live.dataset.state, { credentials: "same-origin" });
      if (!answer.ok) throw new Error(String(answer.status));
      const now = await answer.json();
      const wasOnButton = live.contains(document.activeElement);
      live.innerHTML = now.html; // made and escaped by the server
      if (wasOnButton) live.querySelector("button, a")?.focus();
      const said = document.getElementById("said");
      if (said.textContent !== now.said) said.textContent = now.said;
      if (now.over) return;
    } catch {
      document.getElementById("gone").hidden = false;
      setTimeout(follow, 5000);
      return;
    }
    document.getElementById("gone").hidden = true;
    setTimeout(follow, 1000);
  };

  // What can be scrolled sideways can be reached by keyboard.
  const scrollable = () =>
    document.querySelectorAll(".scroll").forEach((part) => {
      const isWide = part.scrollWidth > part.clientWidth + 1;
      part.toggleAttribute("tabindex", isWide);
      if (isWide) part.tabIndex = 0;
    });
  window.addEventListener("resize", scrollable);
  scrollable();

  if (live && !("over" in live.dataset)) setTimeout(follow, 500);
})();
