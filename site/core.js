"use strict";
// What the stations of the page share: their frame, elements, colours, weights, the state in the address, input
// by pointer and keyboard. `S5` is the only name that is global.

const S5 = (() => {
  const registered = [];
  const stations = {}; // id -> what the station's `build` returned

  // ---- Elements ----------------------------------------------------------------------------------------------

  const SVG_SPACE = "http://www.w3.org/2000/svg";
  const SVG = new Set("svg g path line circle rect text polyline polygon defs marker title".split(" "));

  /** Makes an element: attributes as they are written in HTML, `on...` functions as listeners, children or texts. */
  function el(tag, attributes, ...children) {
    const made = SVG.has(tag) ? document.createElementNS(SVG_SPACE, tag) : document.createElement(tag);
    for (const [name, value] of Object.entries(attributes ?? {})) {
      if (name.startsWith("on")) made.addEventListener(name.slice(2).toLowerCase(), value);
      else if (value === true) made.setAttribute(name, "");
      else if (value !== false && value !== null && value !== undefined) made.setAttribute(name, value);
    }
    made.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
    return made;
  }

  /** A canvas of so many CSS pixels, sharp on any screen: its context already counts in CSS pixels. */
  function canvas(width, height, attributes) {
    const scale = Math.min(window.devicePixelRatio || 1, 2); // more pixels take longer than a frame on a telephone
    const made = el("canvas", { ...attributes, width: Math.round(width * scale), height: Math.round(height * scale) });
    made.style.width = `${width}px`;
    made.style.height = `${height}px`;
    made.getContext("2d").scale(scale, scale);
    return made;
  }

  /** A <select> with a label: [[value, text], ...]. */
  function choice(label, options, value, onchange) {
    const select = el("select", { onchange: () => onchange(select.value) },
      options.map(([key, text]) => el("option", { value: key, selected: key === value }, text)));
    return el("label", { class: "choice" }, label, select);
  }

  function button(text, onclick, attributes) {
    return el("button", { type: "button", onclick, ...attributes }, text);
  }

  /** A button that copies what `text` returns, or where a page from the disk may not, shows it to be copied. */
  function copyButton(label, text) {
    const made = button(label, async () => {
      shown.value = text();
      try {
        await navigator.clipboard.writeText(shown.value);
        made.textContent = "Copied";
      } catch {
        shown.hidden = false;
        shown.select();
        made.textContent = "Selected: press Ctrl+C";
      }
    }, { class: "copy" });
    const shown = el("textarea", { hidden: true, readonly: true, rows: 2, "aria-label": "Text to copy" });
    return el("span", {}, made, shown);
  }

  /** A number with a fixed number of decimals and a real minus sign; no "minus zero". */
  function number(value, decimals = 2) {
    const text = value.toFixed(decimals);
    return Number(text) === 0 ? text.replace("-", "") : text.replace("-", "−");
  }

  // ---- Colours -----------------------------------------------------------------------------------------------

  const NAMES = ["page", "paper", "ink", "muted", "accent", "positive", "negative", "grid", "edge", "class0", "class1"];
  const colors = {};
  const onThemeChange = [];
  const dark = window.matchMedia("(prefers-color-scheme: dark)");

  function readColors() {
    const style = getComputedStyle(document.documentElement);
    for (const name of NAMES) colors[name] = style.getPropertyValue(`--${name}`).trim();
  }
  function onTheme(fn) {
    onThemeChange.push(fn);
  }

  /** "#rrggbb" -> [red, green, blue]. */
  function rgb(hex) {
    return [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
  }

  /** A colour between two: share 0 is the first, share 1 the second; each "#rrggbb". */
  function mix(from, to, share) {
    const a = rgb(from), b = rgb(to);
    return `#${a.map((one, i) => Math.round(one + share * (b[i] - one)).toString(16).padStart(2, "0")).join("")}`;
  }

  /** The colour of a number as a ground for text: -1 is negative, 1 positive, 0 paper. Text in ink stays readable. */
  function tint(value) {
    const share = Math.min(1, Math.abs(value));
    return mix(colors.paper, value < 0 ? colors.negative : colors.positive, 0.5 * Math.round(share * 32) / 32);
  }

  /** 256 colours between three, as a canvas's pixels: entry 0 is `low`, 128 `middle`, 255 `high`. */
  function ramp(low, middle, high) {
    const [a, b, c] = [low, middle, high].map(rgb);
    return Uint32Array.from({ length: 256 }, (_, i) => {
      const [from, to, share] = i < 128 ? [a, b, i / 128] : [b, c, (i - 128) / 127];
      const [red, green, blue] = from.map((one, k) => Math.round(one + share * (to[k] - one)));
      return ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
    });
  }

  // ---- Weights -----------------------------------------------------------------------------------------------

  const decoded = new Map();

  /** The file weights/NAME.json: its fields, and in `tensors` each as {shape, data}, a typed array. */
  function weights(name) {
    if (!decoded.has(name)) {
      const file = JSON.parse(document.getElementById(`weights-${name}`).textContent);
      for (const tensor of Object.values(file.tensors)) {
        const bytes = Uint8Array.from(atob(tensor.data), (character) => character.charCodeAt(0));
        tensor.data = tensor.dtype === "uint8" ? bytes : new Float32Array(bytes.buffer);
      }
      decoded.set(name, file);
    }
    return decoded.get(name);
  }

  // ---- The state in the address: start.html#station?key=value&... ------------------------------------------------

  function readHash() {
    const [id, query] = location.hash.slice(1).split("?");
    return { id, query: new URLSearchParams(query) };
  }
  const params = {
    station: () => readHash().id,
    get: (name) => readHash().query.get(name),
    set(name, value) {
      const { query } = readHash();
      query.set(name, value);
      try {
        history.replaceState(null, "", `#${name}?${query}`);
      } catch {
        // Browsers refuse when it is called too often; the next call writes the newest state.
      }
    },
  };

  // ---- Input and time ----------------------------------------------------------------------------------------

  /** Calls `fn` in the next frame, once however often it is asked for. */
  function onFrame(fn) {
    let waiting = false;
    return () => {
      if (waiting) return;
      waiting = true;
      requestAnimationFrame(() => {
        waiting = false;
        fn();
      });
    };
  }

  /** Pointer input in units of width and height: `down` and `move` get x and y, `hover` while no button is down. */
  function pointer(element, [width, height], { down, move, up, hover }) {
    let active = null, box = null;
    // Once a stroke: measuring makes the browser lay out the page.
    const measure = () => (box = element.getBoundingClientRect());
    const place = ({ clientX, clientY }) =>
      [((clientX - box.left) / box.width) * width, ((clientY - box.top) / box.height) * height];
    element.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      active = event.pointerId;
      measure();
      element.setPointerCapture(active);
      down?.(...place(event));
    });
    element.addEventListener("pointermove", (event) => {
      if (active === null && hover) {
        measure();
        hover(...place(event));
      }
      if (event.pointerId !== active) return;
      const events = event.getCoalescedEvents?.() ?? [];
      for (const one of events.length ? events : [event]) move?.(...place(one));
    });
    for (const name of ["pointerup", "pointercancel"]) {
      element.addEventListener(name, (event) => {
        if (event.pointerId !== active) return;
        active = null;
        up?.();
      });
    }
  }

  const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

  /** Keys of a focused element: {"Enter": fn, ...}; `arrows(dx, dy, event)` gets the arrow keys. */
  function keys(element, { arrows, ...others }) {
    element.addEventListener("keydown", (event) => {
      if (event.altKey || event.ctrlKey || event.metaKey) return;
      const fn = event.key in ARROWS && arrows ? () => arrows(...ARROWS[event.key], event) : others[event.key];
      if (!fn) return;
      event.preventDefault();
      fn(event);
    });
  }

  /** Buttons back, play and step. `step(by)` moves by one; it returns false at the end, where playing stops. */
  function player(step, interval) {
    let timer = null;
    const toggle = button("▶ Play", () => (timer === null ? play() : pause()), { class: "primary" });
    function play() {
      timer = setInterval(() => step(1) === false && pause(), interval);
      toggle.textContent = "❚❚ Pause";
    }
    function pause() {
      clearInterval(timer);
      timer = null;
      toggle.textContent = "▶ Play";
    }
    const by = (distance) => () => {
      pause();
      step(distance);
    };
    const element = el("div", { class: "controls" }, button("◀ Back", by(-1)), toggle, button("Step ▶", by(1)));
    return { element, play, pause, by };
  }

  // ---- Stations ----------------------------------------------------------------------------------------------

  function station(description) {
    registered.push(description);
  }

  /** Makes an <a> lead to a page of the site, if the site lies at the place that site/build.py was told. */
  function link(anchor, page) {
    const { pages } = document.documentElement.dataset;
    if (pages) anchor.href = pages + page;
    return Boolean(pages);
  }

  function frame(section, { id, title, year, sentence, lesson, keyboard, inAddress }) {
    const root = el("div", { class: "demo" }), story = el("a", {}, `Lesson ${Number(lesson.slice(0, 2))} has the whole story`);
    story.append(link(story, `lessons/${lesson}.html`) ? " →" : `: lessons/${lesson}.ipynb of the project.`);
    section.id = id;
    section.setAttribute("aria-labelledby", `${id}-title`);
    section.append(
      el("header", {},
        el("p", { class: "year" }, year),
        el("h2", { id: `${id}-title` }, title),
        el("p", { class: "sentence" }, sentence)),
      root,
      el("footer", {},
        el("p", {}, el("strong", {}, "By keyboard: "), keyboard),
        inAddress && el("p", {}, "What you see is in the address: ", copyButton("Copy the address", () => {
          const { query } = readHash();
          return `${location.href.split("#")[0]}#${id}?${query}`;
        })),
        el("p", {}, story)));
    return root;
  }

  function start() {
    readColors();
    for (const anchor of document.querySelectorAll("a[data-page]")) link(anchor, anchor.dataset.page);
    const nav = document.querySelector("nav");
    const todo = new Map(); // section -> its building
    for (const section of document.querySelectorAll("section[data-station]")) {
      const found = registered.find((one) => one.id === section.dataset.station);
      if (!found) {
        section.remove();
        continue;
      }
      const root = frame(section, found);
      nav.append(el("a", { href: `#${found.id}` }, found.title));
      todo.set(section, () => {
        todo.delete(section);
        try {
          stations[found.id] = found.build(root, S5);
        } catch (error) {
          root.append(el("p", { role: "alert" }, "This part could not start in your browser."));
          console.error(error);
        }
      });
    }

    const isAll = new URLSearchParams(location.search).has("all");
    const near = new IntersectionObserver(
      (entries) => entries.forEach((entry) => entry.isIntersecting && todo.get(entry.target)?.()),
      { rootMargin: "600px" });
    for (const [section, build] of [...todo]) isAll ? build() : near.observe(section);

    // The browser itself does not find an anchor that is followed by a state. The stations before it are built
    // first: they would move it.
    const show = () => {
      const section = document.getElementById(readHash().id);
      if (!section) return;
      for (const [other, build] of [...todo]) {
        if (other === section || other.compareDocumentPosition(section) & Node.DOCUMENT_POSITION_FOLLOWING) build();
      }
      section.scrollIntoView();
    };
    addEventListener("hashchange", show);
    show();
    // A link within the page keeps the state in the address, and does not load it: it is older than what is shown.
    document.addEventListener("click", (event) => {
      const link = event.target.closest('a[href^="#"]');
      if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      history.pushState(null, "", `${link.hash}?${readHash().query}`);
      show();
      const section = document.getElementById(readHash().id);
      section.tabIndex = -1;
      section.focus({ preventScroll: true }); // so that Tab goes on from there
    });

    dark.addEventListener("change", () => {
      readColors();
      for (const fn of onThemeChange) fn();
    });
  }
  document.addEventListener("DOMContentLoaded", start);

  return {
    station, stations, el, canvas, choice, button, copyButton, number, colors, onTheme, rgb, mix, tint, ramp, weights, params,
    onFrame, pointer, keys, player,
  };
})();
