// The charts answer to pointer and keys, and may be enlarged; without this script they are still.
"use strict";
(() => {
  const SVG = "http://www.w3.org/2000/svg";
  const numbers = (text) => (text ? text.split(" ").map(Number) : []);
  const made = (name, attributes) => {
    const element = document.createElementNS(SVG, name);
    for (const key in attributes) element.setAttribute(key, attributes[key]);
    return element;
  };
  const brief = (value) => {
    if (!Number.isFinite(value)) return String(value);
    const size = Math.abs(value);
    if (size && (size < 1e-3 || size >= 1e7)) return value.toExponential(2);
    return value.toLocaleString("en", { maximumFractionDigits: size < 100 ? 4 : 1 });
  };
  const ticks = (low, high, most) => {
    const rough = (high - low) / (most - 1), power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= rough * (1 - 1e-9));
    const found = [];
    for (let n = Math.ceil(low / step - 1e-9); n <= high / step + 1e-9; n++) found.push(n * step);
    return found;
  };

  function enliven(figure) {
    const svg = figure.querySelector(":scope > svg");
    const whole = numbers(svg.dataset.domain), area = numbers(svg.dataset.area);
    const [left, top, right, bottom] = area, percent = "percent" in svg.dataset;
    const curves = svg.querySelector(".curves"), grid = svg.querySelector(".ticks");
    const lines = [...svg.querySelectorAll("path.line")].map((path) => (
      { path, name: path.dataset.name, xs: numbers(path.dataset.xs), ys: numbers(path.dataset.ys) }));
    const bands = [...svg.querySelectorAll("path.band")].map((path) => (
      { path, xs: numbers(path.dataset.xs), low: numbers(path.dataset.low), high: numbers(path.dataset.high) }));
    const places = [...new Set(lines.flatMap((line) => line.xs))].sort((a, b) => a - b);
    const said = (value) => (percent ? `${brief(100 * value)} %` : brief(value));
    let view = whole.slice(), chosen = -1, pressed = null;

    const readout = document.createElement("p");
    readout.className = "readout";
    readout.setAttribute("role", "status");
    const reset = document.createElement("button");
    reset.type = "button";
    reset.textContent = "Whole curve";
    reset.hidden = true;
    figure.querySelector(".legend").after(readout, reset);
    const cross = made("line", { class: "cross", y1: top, y2: bottom, visibility: "hidden" });
    const window_ = made("rect", { class: "chosen", y: top, height: bottom - top, visibility: "hidden" });
    svg.append(window_, cross);
    svg.setAttribute("tabindex", "0");

    const x = (value) => left + (value - view[0]) / (view[1] - view[0]) * (right - left);
    const y = (value) => bottom - (value - view[2]) / (view[3] - view[2]) * (bottom - top);
    const point = (a, b) => `${x(a).toFixed(1)},${y(b).toFixed(1)}`;

    function path(line) {
      let text = "", open = false;
      line.xs.forEach((value, n) => {
        const finite = Number.isFinite(line.ys[n]);
        if (finite) text += `${open ? "" : `M${point(value, line.ys[n])}`} ${point(value, line.ys[n])}`;
        open = finite;
      });
      return text;
    }
    function draw() {
      lines.forEach((line) => line.path.setAttribute("d", path(line)));
      bands.forEach((band) => {
        const there = band.xs.map((value, n) => point(value, band.high[n]));
        const back = band.xs.map((value, n) => point(value, band.low[n])).reverse();
        band.path.setAttribute("d", `M${there.concat(back).join(" ")}z`);
      });
      const marks = ticks(view[2], view[3], 6).flatMap((value) => {
        const label = made("text", { class: "at-left", x: left - 6, y: y(value) + 4 });
        label.textContent = said(value);
        return [made("line", { x1: left, x2: right, y1: y(value), y2: y(value) }), label];
      });
      const below = ticks(view[0], view[1], 6).map((value) => {
        const label = made("text", { class: "below", x: x(value), y: bottom + 18 });
        label.textContent = brief(value);
        return label;
      });
      grid.replaceChildren(...marks, ...below);
      reset.hidden = view.every((value, n) => value === whole[n]);
    }
    function enlarge(from, to) {
      const inside = lines.flatMap((line) => line.ys.filter((value, n) => (
        Number.isFinite(value) && line.xs[n] >= from && line.xs[n] <= to)));
      if (inside.length < 2 || !(to > from)) return;
      let low = Infinity, high = -Infinity;
      for (const value of inside) { low = Math.min(low, value); high = Math.max(high, value); }
      const room = 0.04 * (high - low) || Math.abs(high) / 20 || 1;
      view = [from, to, low - room, high + room];
      draw();
    }
    function show(place) {
      chosen = Math.max(0, Math.min(places.length - 1, place));
      const at = places[chosen];
      cross.setAttribute("x1", x(at));
      cross.setAttribute("x2", x(at));
      cross.setAttribute("visibility", at >= view[0] && at <= view[1] ? "visible" : "hidden");
      const words = lines.map((line) => {
        const n = line.xs.indexOf(at);
        return n < 0 ? "" : `${line.name} ${said(line.ys[n])}`;
      });
      readout.textContent = `${svg.dataset.x} ${brief(at)}: ${words.filter(Boolean).join(", ")}`;
    }
    const valueAt = (event) => {
      const box = svg.getBoundingClientRect();
      const place = (event.clientX - box.left) / box.width * svg.viewBox.baseVal.width;
      const share = Math.max(0, Math.min(1, (place - left) / (right - left)));
      return view[0] + share * (view[1] - view[0]);
    };
    function nearest(value) {
      let low = 0, high = places.length - 1;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (places[middle] < value) low = middle + 1; else high = middle;
      }
      return low && value - places[low - 1] < places[low] - value ? low - 1 : low;
    }
    function whole_() { view = whole.slice(); draw(); }

    svg.addEventListener("pointermove", (event) => {
      const value = valueAt(event);
      show(nearest(value));
      if (pressed === null) return;
      const ends = [x(Math.min(pressed, value)), x(Math.max(pressed, value))];
      window_.setAttribute("x", ends[0]);
      window_.setAttribute("width", ends[1] - ends[0]);
      window_.setAttribute("visibility", "visible");
    });
    svg.addEventListener("pointerdown", (event) => { if (event.button === 0) pressed = valueAt(event); });
    svg.addEventListener("pointerup", (event) => {
      const value = valueAt(event), from = pressed;
      pressed = null;
      window_.setAttribute("visibility", "hidden");
      if (from !== null && Math.abs(x(value) - x(from)) > 8) enlarge(Math.min(from, value), Math.max(from, value));
    });
    svg.addEventListener("pointerleave", () => {
      pressed = null;
      for (const each of [cross, window_]) each.setAttribute("visibility", "hidden");
    });
    svg.addEventListener("dblclick", whole_);
    reset.addEventListener("click", whole_);
    svg.addEventListener("keydown", (event) => {
      const middle = places[Math.max(0, chosen)], half = (view[1] - view[0]) / 4;
      const does = {
        ArrowRight: () => show(chosen + 1), ArrowLeft: () => show(chosen - 1),
        Home: () => show(0), End: () => show(places.length - 1),
        "+": () => enlarge(Math.max(whole[0], middle - half), Math.min(whole[1], middle + half)),
        Escape: whole_, "-": whole_,
      }[event.key];
      if (does) { does(); event.preventDefault(); }
    });
  }

  const start = () => document.querySelectorAll(".chart").forEach(enliven);
  start();

  // Served while the run goes on: the newest page takes the place of this one.
  if (document.documentElement.dataset.live) {
    let before = "";
    const again = async () => {
      try {
        const answer = await fetch(location.pathname, { cache: "no-store" });
        const text = await answer.text();
        if (answer.ok && text !== before) {
          const fresh = new DOMParser().parseFromString(text, "text/html");
          const open = [...document.querySelectorAll("details")].map((each) => each.open);
          fresh.querySelectorAll("details").forEach((each, n) => { each.open = Boolean(open[n]); });
          for (const name of ["header", "nav", "main"]) {
            document.querySelector(name).replaceWith(fresh.querySelector(name));
          }
          start();
          before = text;
          if (!fresh.documentElement.dataset.live) return;
        }
      } catch { /* the watcher has ended: what was shown stays */ }
      setTimeout(again, 2000);
    };
    setTimeout(again, 2000);
  }
})();
