// The page without this script shows every picture and number; the script adds the viewer and the theme switch.
// State that a person may want to share is in the hash: #sample-42&at=30&show=change,shapes&dates=t1,t3
(() => {
  "use strict";
  const find = (selector, inside = document) => inside.querySelector(selector);
  const all = (selector, inside = document) => [...inside.querySelectorAll(selector)];

  // ---- theme: the reader's system decides until the button is used; kept for this page and tab only ----
  const theme = find("#theme");
  const themeKey = `diachron-theme:${location.pathname}`;
  const systemIsDark = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (document.documentElement.dataset.theme || (systemIsDark.matches ? "dark" : "light")) === "dark";
  const nameTheme = () => { theme.textContent = isDark() ? "Light theme" : "Dark theme"; };
  // Storage is refused in some embedded pages: the switch then lasts until the page is left.
  const stored = (write) => { try { return write(sessionStorage); } catch { return null; } };
  const chosen = stored((storage) => storage.getItem(themeKey));
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
  theme.hidden = false;
  nameTheme();
  systemIsDark.addEventListener("change", nameTheme);
  theme.addEventListener("click", () => {
    const wanted = isDark() ? "light" : "dark";
    document.documentElement.dataset.theme = wanted;
    stored((storage) => storage.setItem(themeKey, wanted));
    nameTheme();
  });

  // ---- gallery ----
  const cards = all(".gallery > li");
  for (const element of all(".scripted")) element.hidden = false;
  const copy = (card, part) => all(`[data-part="${part}"]`, find("template", card).content).map((node) => node.cloneNode(true));
  const marks = find("#gallery-change");
  if (marks) {
    marks.addEventListener("change", () => {
      for (const card of cards) {
        for (const old of all(".half .mark", card)) old.remove();
        if (!marks.checked) continue;
        for (const half of all(".half", card)) {
          const [mask] = copy(card, "change");
          mask.className = "mark";
          find("img", half).after(mask);
        }
      }
    });
  }

  // ---- viewer ----
  const viewer = find("#viewer");
  const stage = find("#stage");
  const range = find("#at");
  const opacity = find("#opacity");
  const toggles = all('.controls input[type="checkbox"]');
  const selects = { before: find("#before"), after: find("#after") };
  let card = null;
  let dates = []; // of the open sample: {name, time, text}
  let pair = ["", ""]; // names of the two that are compared
  let title = "";

  const shown = () => toggles.filter((box) => box.checked).map((box) => box.name);

  function readHash() {
    const [head, ...rest] = location.hash.slice(1).split("&");
    const match = /^sample-(\d+)$/.exec(head);
    const wanted = match && cards.find((entry) => entry.dataset.sample === match[1]);
    if (!wanted) {
      if (viewer.open) viewer.close();
      return;
    }
    const state = new URLSearchParams(rest.join("&"));
    if (state.has("at")) range.value = state.get("at");
    if (state.has("show")) {
      const names = state.get("show").split(",");
      for (const box of toggles) box.checked = names.includes(box.name);
    }
    open(wanted, (state.get("dates") || "").split(","));
  }

  function writeHash() {
    if (!card) return;
    let hash = `#sample-${card.dataset.sample}&at=${range.value}`;
    if (shown().length) hash += `&show=${shown().join(",")}`;
    if (dates.length > 2) hash += `&dates=${pair.join(",")}`;
    keepHash(hash);
  }

  function keepHash(hash) {
    // Pages inside another page (a notebook) may not touch the history; the viewer works without.
    try { history.replaceState(null, "", hash || location.pathname + location.search); } catch { /* as above */ }
  }

  function open(next, wanted = []) {
    card = next;
    dates = all("li", copy(card, "dates")[0]).map((entry) => ({
      name: entry.dataset.date, time: Number(entry.dataset.time), text: entry.textContent.trim(),
    }));
    const known = (name) => dates.some((date) => date.name === name);
    pair = wanted.length === 2 && wanted.every(known) ? wanted : [dates[0].name, dates.at(-1).name];
    stage.style.setProperty("--ratio", card.dataset.width / card.dataset.height);
    stage.classList.toggle("coarse", card.dataset.width < 200);
    find("#viewer-title").replaceChildren(...copy(card, "title"));
    find("#position").textContent = `${cards.indexOf(card) + 1} of ${cards.length}`;
    find("#details").replaceChildren(...copy(card, "details"));
    find("#details").scrollTop = 0;
    listDates();
    drawPictures();
    bindEvents();
    if (!viewer.open) viewer.showModal();
    moveDivider();
    if (title === "") title = document.title;
    document.title = `Sample ${card.dataset.sample} · ${title}`;
    writeHash();
  }

  function listDates() {
    find(".choose").hidden = dates.length < 3;
    for (const [k, select] of [selects.before, selects.after].entries()) {
      select.replaceChildren(...dates.map((date) => new Option(date.text, date.name, false, date.name === pair[k])));
    }
  }

  function drawPictures() {
    const label = copy(card, "label");
    for (const [k, side] of ["before", "after"].entries()) {
      const date = dates.find((entry) => entry.name === pair[k]);
      const picture = new Image();
      const source = find(`.half img[data-date="${CSS.escape(date.name)}"]`, card)
        || copy(card, "picture").find((image) => image.dataset.date === date.name);
      picture.src = source.src;
      picture.alt = `Sample ${card.dataset.sample}, ${date.text}`;
      picture.draggable = false;
      find(`.side.${side}`).replaceChildren(picture, ...label.filter((image) => image.dataset.dates === date.name));
      find(`.badge.${side}`).textContent = date.text;
    }
    const change = copy(card, "change").filter((image) => image.dataset.dates === pair.join(" "));
    find(".over").replaceChildren(...change, ...copy(card, "edit").map(hatched), ...copy(card, "shapes"));
    const box = toggles.find((entry) => entry.name === "change");
    box.disabled = change.length === 0;
    find("#note").textContent = change.length ? "" : `No change mask is stored from ${pair[0]} to ${pair[1]}: only first to last, and each date to the next.`;
    markInterval();
    applyToggles();
  }

  // Edited pixels are hatched: they contain the changed ones, and two flat colours would mix into a third.
  function hatched(image) {
    const hatch = document.createElement("div");
    hatch.className = "hatch";
    hatch.dataset.part = image.dataset.part;
    hatch.style.setProperty("--mask", `url(${image.src})`);
    return hatch;
  }

  function markInterval() {
    // An event belongs to a pair of dates when it happens after the one and not after the other.
    const [from, to] = pair.map((name) => dates.find((date) => date.name === name).time).sort((a, b) => a - b);
    const inside = new Set();
    for (const row of all("#details .events tbody")) {
      const belongs = from < Number(row.dataset.time) && Number(row.dataset.time) <= to;
      row.classList.toggle("outside", !belongs);
      if (belongs) inside.add(row.dataset.shape);
    }
    for (const shape of all(".over g")) shape.classList.toggle("outside", !inside.has(shape.dataset.shape));
  }

  function bindEvents() {
    const rows = all("#details .events tbody");
    const light = () => {
      const wanted = new Set(rows.filter((row) => row.matches(":hover, :focus-within, .pinned")).map((row) => row.dataset.shape));
      for (const shape of all(".over g")) shape.classList.toggle("lit", wanted.has(shape.dataset.shape));
    };
    for (const row of rows) {
      for (const kind of ["mouseenter", "mouseleave", "focusin"]) row.addEventListener(kind, light);
      // The focus has not arrived anywhere yet while `focusout` is being told.
      row.addEventListener("focusout", () => setTimeout(light));
      const button = find(".locate", row);
      button.addEventListener("click", () => {
        button.setAttribute("aria-pressed", String(row.classList.toggle("pinned")));
        light();
      });
    }
  }

  function applyToggles() {
    for (const box of toggles) stage.classList.toggle(`show-${box.name}`, box.checked && !box.disabled);
    find("#label-legend").hidden = !shown().includes("label");
    stage.style.setProperty("--opacity", opacity.value / 100);
  }

  function moveDivider() {
    stage.style.setProperty("--at", `${range.value}%`);
    range.setAttribute("aria-valuetext", `${range.value} percent ${pair[0]}, the rest ${pair[1]}`);
    stage.classList.toggle("hide-before", range.value < 25);
    stage.classList.toggle("hide-after", range.value > 75);
  }

  const step = (by) => open(cards[(cards.indexOf(card) + by + cards.length) % cards.length], pair);

  for (const entry of cards) {
    find(".card", entry).addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      open(entry);
    });
  }
  range.addEventListener("input", moveDivider);
  range.addEventListener("change", writeHash);
  opacity.addEventListener("input", applyToggles);
  for (const box of toggles) box.addEventListener("change", () => { applyToggles(); writeHash(); });
  for (const select of Object.values(selects)) {
    select.addEventListener("change", () => {
      pair = [selects.before.value, selects.after.value];
      drawPictures();
      moveDivider();
      writeHash();
    });
  }
  find("#previous").addEventListener("click", () => step(-1));
  find("#next").addEventListener("click", () => step(1));
  find("#close").addEventListener("click", () => viewer.close());
  viewer.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("select")) return;
    const key = event.key.toLowerCase();
    const box = { c: "change", e: "edit", l: "label", f: "shapes" }[key];
    if (key === "n") step(1);
    else if (key === "p") step(-1);
    else if (box) toggles.find((entry) => entry.name === box).click();
    else return;
    event.preventDefault();
  });
  viewer.addEventListener("close", () => {
    const back = card;
    card = null;
    document.title = title;
    keepHash("");
    // The card of the sample that was looked at last, which need not be the one that was clicked.
    if (back) find(".card", back).focus();
  });
  addEventListener("hashchange", readHash);
  readHash();
})();
