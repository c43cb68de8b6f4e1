"use strict";
(() => {
  const data = JSON.parse(document.getElementById("survey").textContent);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const tip = document.getElementById("tip");
  document.body.classList.add("ready");

  // Numbers are shown as they are in the JSON, with a true minus sign.
  const say = v => v === null || v === undefined ? "not finite" : String(v).replace("-", "−");
  const short = v => String(Number(v.toPrecision(4))).replace("-", "−");
  const times = v => v === null ? "" : ` (density ×${Number(Math.exp(v).toPrecision(2)).toLocaleString("en")})`;
  const degrees = (v, sides) => {
    const at = sides[1] === "E" ? ((v + 540) % 360 + 360) % 360 - 180 : v;
    return `${Math.abs(Number(at.toPrecision(4)))}°${at === 0 ? "" : sides[at > 0 ? 1 : 0]}`;
  };
  const coordinate = (v, kind) => kind === "longitude" ? degrees(v, "WE") : kind === "latitude" ? degrees(v, "SN") : short(v);
  const cell = (grid, [u, v]) => {
    const clamp = (i, n) => Math.min(Math.max(Math.floor(i), 0), n - 1);
    return grid.values[clamp(v * grid.rows, grid.rows) * grid.columns + clamp(u * grid.columns, grid.columns)];
  };
  // Of each family of a grid's lines, the level of the one that passes nearest to a place.
  const nearest = (curves, target, [u, v]) => {
    const d = target.dataset, best = [Infinity, Infinity], level = ["none", "none"];
    const part = (t, a, b) => (t - Number(a)) / (Number(b) - Number(a));
    for (const curve of curves) for (const piece of curve.pieces) for (let k = 1; k < piece.length; k++) {
      const [a, b] = [piece[k - 1], piece[k]].map(p => [part(p[0], d.x0, d.x1) - u, part(p[1], d.y0, d.y1) - v]);
      const [dx, dy] = [b[0] - a[0], b[1] - a[1]], t = Math.min(Math.max(-(a[0] * dx + a[1] * dy) / (dx * dx + dy * dy || 1), 0), 1);
      const far = Math.hypot(a[0] + t * dx, a[1] + t * dy);
      if (far < best[curve.along]) { best[curve.along] = far; level[curve.along] = short(curve.level); }
    }
    return level;
  };
  const list = target => target.dataset.list.split(" ").map(Number);

  // The pixel of an image at shares of its sides, and its row and column from 1.
  const pixel = ([u, v]) => {
    const [height, width] = data.images.shape, clamp = (i, n) => Math.min(Math.max(Math.floor(i), 0), n - 1);
    return clamp((1 - v) * height, height) * width + clamp(u * width, width);
  };
  const place = n => `(${Math.floor(n / data.images.shape[1]) + 1}, ${n % data.images.shape[1] + 1})`;

  // What each figure says at a place: shares of the whole axes, values on them.
  const words = {
    map(target, at, [x, y]) {
      const map = data.map, lines = [`${map.x.name} ${x}, ${map.y.name} ${y}`];
      const value = cell(map.log_det, at);
      lines.push(`log |det J| ${say(value)}${times(value)}`);
      if (map.log_density.values.length) lines.push(`log p ${say(cell(map.log_density, at))}`);
      if (map.digits.values.length) lines.push(`digits left ${say(cell(map.digits, at))}`);
      return lines;
    },
    layer(target, at, [x, y]) {
      const layer = data.layers[target.dataset.frame], map = data.map;
      return [layer.name, `${map.x.name} ${x}, ${map.y.name} ${y}`, `log |det J| of the layer ${say(cell(layer.log_det, at))}`];
    },
    training(target, at, [x, y]) {
      const now = data.training[target.dataset.frame], map = data.map;
      return [`step ${now.step}: ${map.x.name} ${x}, ${map.y.name} ${y}`, `change of log p ${say(cell(now.total, at))}`,
        `base's part ${say(cell(now.base, at))}`, `log-det's part ${say(cell(now.log_det, at))}`];
    },
    latent_grid(target, at, [x, y]) {
      const map = data.map, near = nearest(map.latent_grid, target, at);
      return [`${map.x.name} ${x}, ${map.y.name} ${y}`, `nearest lines: z1 = ${near[0]}, z2 = ${near[1]}`];
    },
    data_grid(target, at, [x, y]) {
      const map = data.map, near = nearest(map.data_grid, target, at);
      return [`z1 ${x}, z2 ${y}`, `nearest lines: ${map.x.name} = ${near[0]}, ${map.y.name} = ${near[1]}`];
    },
    pairs(target, at) {
      const [i, j] = list(target), d = target.dataset;
      const part = (v, a, b) => (v - Number(a)) / (Number(b) - Number(a));
      const far = row => Math.hypot(part(row.values[i], d.x0, d.x1) - at[0], part(row.values[j], d.y0, d.y1) - at[1]);
      const row = data.rows.reduce((a, b) => far(b) < far(a) ? b : a);
      return [`row ${row.row}: ${[i, j].map(k => `${data.columns[k]} ${say(row.values[k])}`).join(", ")}`, `log |det J| ${say(row.log_det)}`, `log p ${say(row.log_prob)}`];
    },
    pixels(target, at) {
      const images = data.images, maps = images.maps[list(target)[0]], n = pixel(at);
      const value = maps.pixels.slice(n * images.shape[2], (n + 1) * images.shape[2]).map(say).join(" ");
      return [`${maps.image === null ? "mean" : `image ${maps.image}`}: pixel ${place(n)}, value ${value}`, `bits ${say(maps.bits[n])}`, `log |det J| ${say(maps.log_det[n])}`,
        ...images.levels.map((level, k) => `of the level ${level.name}: ${say(maps.levels[k][n])}`), `base ${say(maps.base[n])}`];
    },
    direction(target, at) {
      const [row, k] = list(target), images = data.images, found = images.directions[row], n = pixel(at);
      const direction = [...found.most, ...found.least][k];
      return [`image ${found.image}: stretched ${say(direction.stretch)} times (± ${say(direction.error)})`, `pixel ${place(n)}: ${direction.pixels.slice(n * images.shape[2], (n + 1) * images.shape[2]).map(say).join(" ")}`];
    },
    ribbon(target, [u]) {
      const n = data.ribbon.quantiles.length, k = Math.min(Math.floor(u * n), n - 1), q = data.ribbon.quantiles[k];
      return [`singular value ${k + 1} of ${n}`, `median stretch ${say(q[2])}`, `half of the rows: ${say(q[1])} to ${say(q[3])}`, `nine in ten: ${say(q[0])} to ${say(q[4])}`];
    },
    heat(target, [u, v]) {
      const layers = list(target), n = data.rows.length;
      const row = data.rows[Math.min(Math.floor(u * n), n - 1)];
      const k = layers[Math.min(Math.floor((1 - v) * layers.length), layers.length - 1)];
      return [`row ${row.row}: log p ${say(row.log_prob)}`, `${data.ledger[k + 1].name}: log |det J| ${say(row.layers[k])}`];
    },
    ledger(target, [, v]) {
      const terms = list(target), term = data.ledger[terms[Math.min(Math.floor((1 - v) * terms.length), terms.length - 1)]];
      const q = term.quantiles;
      return [term.name, `mean ${say(term.mean)} nats`, `median ${say(q[2])}, nine in ten rows ${say(q[0])} to ${say(q[4])}`, `share of the variance of log p ${say(term.share)}`];
    },
  };
  const steps = { map: () => [data.map.log_det.columns, data.map.log_det.rows],
    layer: t => { const g = data.layers[t.dataset.frame].log_det; return [g.columns, g.rows]; },
    training: t => { const g = data.training[t.dataset.frame].total; return [g.columns, g.rows]; },
    latent_grid: () => [48, 48], data_grid: () => [48, 48], pairs: () => [24, 24],
    pixels: () => [data.images.shape[1], data.images.shape[0]], direction: () => [data.images.shape[1], data.images.shape[0]],
    ribbon: () => [data.ribbon.quantiles.length, 1], heat: t => [data.rows.length, list(t).length],
    ledger: t => [1, list(t).length] };

  // The window of a target: what of its axes is seen, as shares from the lower left corner.
  const windows = new Map();
  const seen = target => windows.get(target) || { u: 0, v: 0, k: 1 };
  const box = target => ["x", "y", "width", "height"].map(name => Number(target.getAttribute(name)));
  const share = (target, event) => {
    const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(target.getScreenCTM().inverse());
    const [x, y, w, h] = box(target), s = seen(target);
    return [s.u + (at.x - x) / w / s.k, s.v + (1 - (at.y - y) / h) / s.k];
  };
  const hide = () => { tip.hidden = true; all(".cursor").forEach(c => c.remove()); };
  const show = (target, [u, v]) => {
    const d = target.dataset, [kx, ky] = d.kinds.split(" ");
    const at = (a, b, t) => Number(a) + (Number(b) - Number(a)) * t;
    const place = [coordinate(at(d.x0, d.x1, u), kx), coordinate(at(d.y0, d.y1, v), ky)];
    tip.textContent = words[d.figure](target, [u, v], place).join("\n");
    tip.hidden = false;
    const [x, y, w, h] = box(target), s = seen(target);
    const px = x + (u - s.u) * s.k * w, py = y + (1 - (v - s.v) * s.k) * h;
    all(".cursor").forEach(c => c.remove());
    const ring = document.createElementNS("http://www.w3.org/2000/svg", "circle");
    for (const [name, value] of Object.entries({ class: "cursor", cx: px, cy: py, r: 55 })) ring.setAttribute(name, value);
    target.after(ring);
    const screen = new DOMPoint(px, py).matrixTransform(target.getScreenCTM());
    const wide = document.documentElement.clientWidth, left = screen.x + 14 + tip.offsetWidth > wide - 8 ? screen.x - 14 - tip.offsetWidth : screen.x + 14;
    tip.style.left = `${Math.max(8, Math.min(left, wide - tip.offsetWidth - 8)) + scrollX}px`;
    const top = screen.y - tip.offsetHeight - 12;
    tip.style.top = `${(top < 4 ? screen.y + 18 : top) + scrollY}px`;
  };
  const centre = (t, n) => (Math.min(Math.max(Math.floor(t * n + 1e-9), 0), n - 1) + 0.5) / n;

  for (const target of all(".hot")) {
    let at = [0.5, 0.5];
    const snap = () => { const [n, m] = steps[target.dataset.figure](target); at = [centre(at[0], n), centre(at[1], m)]; return [n, m]; };
    target.addEventListener("pointermove", event => { if (!event.buttons || event.pointerType !== "touch") show(target, at = share(target, event)); });
    target.addEventListener("pointerdown", event => show(target, at = share(target, event)));
    target.addEventListener("pointerleave", event => { if (event.pointerType !== "touch") hide(); });
    target.addEventListener("focus", () => { snap(); show(target, at); });
    target.addEventListener("blur", hide);
    target.addEventListener("keydown", event => {
      const move = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
      if (event.key === "Escape") { target.blur(); return; }
      if (!move) return;
      event.preventDefault();
      const [n, m] = snap(), far = event.shiftKey ? 10 : 1;
      at = [centre(at[0] + far * move[0] / n, n), centre(at[1] + far * move[1] / m, m)];
      show(target, at);
    });
  }

  // Sliders over layers and over snapshots.
  for (const slider of all("input[data-frames]")) {
    const figure = slider.closest("figure"), frames = all(".frame", figure), out = figure.querySelector("output");
    const turn = () => {
      frames.forEach((frame, k) => { frame.hidden = k !== Number(slider.value); });
      out.value = frames[slider.value].querySelector(".frame-name").textContent;
      slider.setAttribute("aria-valuetext", out.value);
      hide();
    };
    slider.addEventListener("input", turn);
    turn();
  }

  // The map: what it shows, and how near it is.
  const figure = document.getElementById("figure-map");
  if (figure) {
    const svg = figure.querySelector("svg"), target = figure.querySelector(".hot");
    const choose = () => {
      const field = figure.querySelector("input[name=field]:checked").value;
      all(".field", svg).forEach(group => { group.style.display = group.classList.contains(field) ? "" : "none"; });
      svg.setAttribute("class", `shows-${field}`);
      all("input[type=checkbox]", figure).forEach(box => all(`.${box.value}`, svg).forEach(group => { group.style.display = box.checked ? "" : "none"; }));
    };
    all("input", figure).forEach(input => input.addEventListener("change", choose));
    choose();
    const ticks = svg.querySelector(".ticks"), whole = ticks.innerHTML;
    const step = (range, kind, most) => {
      const raw = range / most, power = 10 ** Math.floor(Math.log10(raw));
      const steps = kind !== "plain" && raw > 0.5 ? [1, 2, 5, 10, 15, 30, 60, 90] : [1, 2, 5, 10].map(d => d * power);
      return steps.find(s => s >= raw) || steps.at(-1);
    };
    const draw = () => {
      const s = seen(target), [x, y, w, h] = box(target), d = target.dataset, [kx, ky] = d.kinds.split(" ");
      const scale = `translate(${x - s.k * (x + s.u * w)} ${y + h - s.k * (y + h) + s.k * s.v * h}) scale(${s.k})`;
      all(".view", svg).forEach(group => group.setAttribute("transform", scale));
      target.style.touchAction = s.k > 1 ? "none" : "pan-y";
      target.style.cursor = s.k > 1 ? "grab" : "";
      if (s.k === 1) { ticks.innerHTML = whole; return; }
      let text = "";
      const axis = (from, to, t0, kind, most, put) => {
        const low = from + (to - from) * t0, range = (to - from) / s.k, gap = step(range, kind, most);
        for (let i = Math.ceil(low / gap - 1e-9); i * gap <= low + range + 1e-9; i++) {
          const value = Number((i * gap).toPrecision(12));
          put((value - low) / range, kind === "plain" ? short(value) : coordinate(value, kind));
        }
      };
      const style = 'font-size="135" fill="var(--soft)"';
      axis(Number(d.x0), Number(d.x1), s.u, kx, 5, (t, label) => { text += `<line x1="${x + t * w}" x2="${x + t * w}" y1="${y + h}" y2="${y + h + 50}" stroke="var(--line)" stroke-width="10"/><text ${style} text-anchor="middle" dy=".76em" x="${x + t * w}" y="${y + h + 90}">${label}</text>`; });
      axis(Number(d.y0), Number(d.y1), s.v, ky, 5, (t, label) => { const at = y + h - t * h; text += `<line x1="${x - 50}" x2="${x}" y1="${at}" y2="${at}" stroke="var(--line)" stroke-width="10"/><text ${style} text-anchor="end" dy=".5ex" x="${x - 90}" y="${at}">${label}</text>`; });
      ticks.innerHTML = text;
    };
    const look = (u, v, k) => {
      k = Math.min(Math.max(k, 1), 64);
      const inside = t => Math.min(Math.max(t, 0), 1 - 1 / k);
      windows.set(target, { u: inside(u), v: inside(v), k });
      hide();
      draw();
    };
    const zoom = (factor, at) => {
      const s = seen(target), k = Math.min(Math.max(s.k * factor, 1), 64);
      const [u, v] = at || [s.u + 0.5 / s.k, s.v + 0.5 / s.k];
      look(u - (u - s.u) * s.k / k, v - (v - s.v) * s.k / k, k);
    };
    all("[data-zoom]", figure).forEach(button => button.addEventListener("click", () => {
      if (button.dataset.zoom === "all") look(0, 0, 1); else zoom(button.dataset.zoom === "in" ? 1.6 : 1 / 1.6);
    }));
    target.addEventListener("keydown", event => {
      if (event.key === "+" || event.key === "=") zoom(1.6);
      if (event.key === "-") zoom(1 / 1.6);
      if (event.key === "0") look(0, 0, 1);
    });
    target.addEventListener("dblclick", event => zoom(2, share(target, event)));
    target.addEventListener("wheel", event => {
      if (!event.ctrlKey && !event.metaKey && seen(target).k === 1) return;
      event.preventDefault();
      zoom(Math.exp(-event.deltaY / 400), share(target, event));
    }, { passive: false });
    const held = new Map();
    target.addEventListener("pointerdown", event => { held.set(event.pointerId, event); if (seen(target).k > 1) target.setPointerCapture(event.pointerId); });
    const drop = event => held.delete(event.pointerId);
    target.addEventListener("pointerup", drop);
    target.addEventListener("pointercancel", drop);
    target.addEventListener("pointermove", event => {
      const before = held.get(event.pointerId), s = seen(target);
      if (!before) return;
      const shape = target.getBoundingClientRect();
      if (held.size === 2) {
        const other = [...held.values()].find(p => p.pointerId !== event.pointerId);
        const apart = p => Math.hypot(p.clientX - other.clientX, p.clientY - other.clientY);
        if (apart(before) > 0) zoom(apart(event) / apart(before), share(target, other));
      } else if (s.k > 1) {
        look(s.u - (event.clientX - before.clientX) / shape.width / s.k, s.v + (event.clientY - before.clientY) / shape.height / s.k, s.k);
      }
      held.set(event.pointerId, event);
    });
  }

  // One row and what the flow does there.
  const picker = document.getElementById("row-picker");
  if (picker && data.rows.length) {
    picker.hidden = false;
    const slider = document.getElementById("row-slider"), out = document.getElementById("row-name"), text = document.getElementById("row-text");
    const paragraph = words => { const p = document.createElement("p"); p.textContent = words; text.append(p); };
    const pick = () => {
      const row = data.rows[slider.value], most = row.most, names = data.columns;
      out.value = `row ${row.row}`;
      text.replaceChildren();
      paragraph(names.map((name, i) => `${name} ${say(row.values[i])}`).join(", "));
      if (row.log_prob !== null) paragraph(`log p ${say(row.log_prob)} = base ${say(row.base)} + columns ${say(row.columns)} + layers ${say(Number(row.layers.reduce((a, b) => a + b, 0).toFixed(4)))}`);
      paragraph(`log |det J| ${say(row.log_det)} in ${data.metric_words}; stretches ${row.stretches.slice(0, 6).map(say).join(", ")}${row.stretches.length > 6 ? `, .. ${say(row.stretches.at(-1))}` : ""}${row.digits === null ? "" : `; ${say(row.digits)} digits left`}`);
      const parts = most.columns.map((v, i) => [Math.abs(v), v, names[i]]).filter(p => p[0] >= 0.1).sort((a, b) => b[0] - a[0]).slice(0, 6);
      paragraph(most.dimensions === 1
        ? `Stretched most, ${say(row.stretches[0])} times, along ${parts.map(p => `${say(p[1])} ${p[2]}`).join(" + ").replaceAll("+ −", "− ")}.`
        : `No single direction: the largest ${most.dimensions} stretches are nearly equal, or their directions turn into one another within a tenth of a standard deviation. Their space holds ${parts.map(p => `${p[2]} to ${Math.round(100 * p[0] * p[0])} %`).join(", ")}.`);
    };
    slider.addEventListener("input", pick);
    pick();
  }
})();
