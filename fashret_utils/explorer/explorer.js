// The explorer's behaviour. Bokeh draws the map; everything else is plain HTML.
(async () => {
  "use strict";
  const data = JSON.parse(document.getElementById("data").textContent);
  const at = (id) => document.getElementById(id);
  const sides = { query: data.query, gallery: data.gallery };
  const offset = { query: 0, gallery: data.query.item.length }; // first picture of a side in the sprite
  let shown = []; // query rows that pass the filters
  let chosen = 0;
  let cursor = null; // query row the keyboard is on
  let points = []; // what can be pointed at: {side, row, x, y}

  // ---- theme and height, agreed with the page around

  function dress(theme) {
    document.documentElement.dataset.theme = theme;
    if (document.documentElement.dataset.ready) draw();
  }
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const system = () => dress(dark.matches ? "dark" : "light");
  // the page around has a title already, and tells its theme
  document.documentElement.classList.toggle("framed", parent !== window);
  system();
  if (parent === window) dark.addEventListener("change", system);
  addEventListener("message", (event) => {
    if (["light", "dark"].includes(event.data?.theme)) dress(event.data.theme);
  });
  const tell = () => parent.postMessage({ height: document.querySelector("main").offsetHeight + 16 }, "*");
  new ResizeObserver(tell).observe(document.querySelector("main"));
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

  // ---- pictures and words

  function thumb(side, row, width, label) {
    const place = offset[side] + row;
    const box = document.createElement("span");
    box.className = "thumb";
    box.setAttribute("role", "img");
    box.setAttribute("aria-label", label);
    const [x, y] = [place % data.columns, Math.floor(place / data.columns)].map((n) => -n * width);
    box.style.cssText = `width:${width}px;height:${width}px;` +
      `background-position:${x}px ${y}px;background-size:${data.columns * width}px auto;`;
    return box;
  }
  const names = { query: "query", gallery: "gallery" };
  const kind = (side, row) => (sides[side].category[row] ? `${sides[side].category[row]}, ` : "");
  const words = (side, row) => `${names[side]}: ${kind(side, row)}item ${sides[side].item[row]}`;
  const found = (method, row) => method.first[row] !== null && method.first[row] <= Number(at("within").value);
  const method = () => data.methods[Number(at("map-of").value)];
  const ranks = (k) => (k === 1 ? "rank" : `${k} ranks`);
  const percent = (part, all) => (all ? `${((100 * part) / all).toFixed(1)} %` : "–");

  // ---- filters

  function options(select, entries) {
    select.append(...entries.map(([value, text]) => new Option(text, value)));
  }
  const [a, b] = data.methods.map((m) => m.name);
  options(at("map-of"), data.methods.map((m, i) => [i, m.name]));
  options(at("category"), [...new Set([...data.query.category, ...data.gallery.category])].sort().map((c) => [c, c]));
  options(at("attribute"), data.attributes.map((x, i) => [i, x.name]));
  options(at("within"), data.within.map((k) => [k, ranks(k)]));
  options(at("outcome"), [
    ["", "all queries"], ["11", "hits of both"], ["10", `hits of ${a} only`], ["01", `hits of ${b} only`],
    ["00", "misses of both"],
  ]);
  function values() {
    const wanted = at("attribute").value;
    at("value").replaceChildren(new Option("any", ""));
    at("value").disabled = wanted === "";
    if (wanted !== "") options(at("value"), data.attributes[Number(wanted)].values.map((v, i) => [i, v]));
  }
  function fits(side, row) {
    const [category, attribute, value] = ["category", "attribute", "value"].map((id) => at(id).value);
    if (category && sides[side].category[row] !== category) return false;
    return value === "" || sides[side].attributes[row][Number(attribute)] === Number(value);
  }
  function outcome(row) {
    return data.methods.map((m) => (found(m, row) ? "1" : "0")).join("");
  }
  function filter() {
    const wanted = at("outcome").value;
    const similar = [...data.query.item.keys()].filter((row) => fits("query", row));
    shown = similar.filter((row) => !wanted || outcome(row) === wanted);
    const rates = data.methods.map(
      (m) => `${m.name} ${percent(shown.filter((row) => found(m, row)).length, shown.length)}`,
    );
    at("count").textContent = shown.length
      ? `${shown.length} of ${data.query.item.length} queries shown. Found within the first ${ranks(Number(at("within").value))}: ${rates.join(", ")}.`
      : "No query passes these filters: clear one of them.";
    for (const id of ["before", "after"]) at(id).disabled = !shown.length;
    if (shown.length && !shown.includes(chosen)) choose(shown[0]);
    else if (cursor !== null && !shown.includes(cursor)) cursor = null;
    draw();
  }

  // ---- the map

  await Bokeh.embed.embed_item(data.bokeh, "map");
  const doc = Bokeh.documents.at(-1);
  const part = (name) => doc.get_model_by_name(name);
  const plot = part("plot");
  const [xs, ys] = [plot.x_range, plot.y_range];

  function draw() {
    const m = method();
    const set = (name, columns) => { part(name).data = columns; };
    const [hit, miss, query] = ["hit", "miss", "query"].map(colour);
    const gallery = [...data.gallery.item.keys()];
    const inside = gallery.map((row) => fits("gallery", row));
    set("gallery", {
      x: m.gallery.x, y: m.gallery.y, fill: gallery.map(() => colour("gallery")),
      line: gallery.map(() => colour("gallery-line")), alpha: inside.map((yes) => (yes ? 0.85 : 0.12)),
    });
    set("query", {
      x: shown.map((row) => m.query.x[row]), y: shown.map((row) => m.query.y[row]),
      fill: shown.map((row) => (found(m, row) ? query : "rgba(0,0,0,0)")), line: shown.map(() => query),
    });
    points = [
      ...shown.map((row) => ({ side: "query", row, x: m.query.x[row], y: m.query.y[row] })),
      ...gallery.filter((row) => inside[row]).map((row) => ({ side: "gallery", row, x: m.gallery.x[row], y: m.gallery.y[row] })),
    ];
    const links = shown.length ? m.ranks[chosen] : [];
    const right = links.map((row) => data.gallery.item[row] === data.query.item[chosen]);
    set("links", {
      xs: links.map((row) => [m.query.x[chosen], m.gallery.x[row]]), ys: links.map((row) => [m.query.y[chosen], m.gallery.y[row]]),
      line: right.map((yes) => (yes ? hit : miss)), dash: right.map((yes) => (yes ? "solid" : "dashed")),
      width: right.map((yes) => (yes ? 3 : 1.2)),
    });
    const ring = (row) => (row === null || !shown.length ? { x: [], y: [] } : { x: [m.query.x[row]], y: [m.query.y[row]] });
    set("ring", { ...ring(chosen), line: shown.length ? [colour("ink")] : [] });
    set("cursor", { ...ring(cursor), line: cursor === null || !shown.length ? [] : [colour("accent")] });
  }
  const pixels = () => [plot.inner_width / (xs.end - xs.start), plot.inner_height / (ys.end - ys.start)];
  function nearest(x, y, reach, sidesWanted = ["query", "gallery"]) {
    const [fx, fy] = pixels();
    let best = null;
    let least = reach;
    for (const p of points) {
      const away = Math.hypot((p.x - x) * fx, (p.y - y) * fy);
      // of two dots as near, the query: it can be chosen
      if (sidesWanted.includes(p.side) && away < least - (p.side === "gallery" ? 1 : 0)) [best, least] = [p, away];
    }
    return best;
  }
  function zoom(factor) {
    for (const range of [xs, ys]) {
      const middle = (range.start + range.end) / 2;
      const half = ((range.end - range.start) / 2) * factor;
      range.setv({ start: middle - half, end: middle + half });
    }
  }
  function whole() {
    for (const range of [xs, ys]) range.setv({ start: -0.04, end: 1.04 });
  }
  function tip(p) {
    at("tip").hidden = !p;
    at("map").style.cursor = p?.side === "query" ? "pointer" : "";
    if (!p) return;
    const text = words(p.side, p.row);
    at("tip").replaceChildren(thumb(p.side, p.row, 96, text), text);
    const [fx, fy] = pixels();
    const [left, top] = [at("map").offsetLeft + (p.x - xs.start) * fx, at("map").offsetTop + (ys.end - p.y) * fy];
    const right = left + 14 + at("tip").offsetWidth < at("map").offsetLeft + at("map").offsetWidth;
    at("tip").style.left = `${Math.max(0, right ? left + 14 : left - 14 - at("tip").offsetWidth)}px`;
    at("tip").style.top = `${Math.max(0, top - at("tip").offsetHeight / 2)}px`;
  }
  window.explorer = {
    move: (x, y) => tip(nearest(x, y, 12)),
    leave: () => tip(null),
    tap(x, y) {
      const p = nearest(x, y, 14, ["query"]);
      if (p) choose(p.row);
    },
    chosen: () => chosen,
    place: (row) => { // of a query, in pixels of the page: for tests
      const [fx, fy] = pixels();
      const box = at("map").getBoundingClientRect();
      return [box.left + (method().query.x[row] - xs.start) * fx, box.top + (ys.end - method().query.y[row]) * fy];
    },
  };

  // ---- a query and what it finds

  function choose(row) {
    chosen = row;
    cursor = cursor === null ? null : row;
    const facts = data.attributes
      .map((x, i) => [x.name, x.values[data.query.attributes[row][i]]])
      .filter(([, value]) => value && value !== "none");
    const text = document.createElement("p");
    text.textContent = `${words("query", row)}. ${facts.map(([name, value]) => `${name}: ${value}`).join("; ")}`;
    const own = [...data.gallery.item.keys()].filter((other) => data.gallery.item[other] === data.query.item[row]);
    const pictures = document.createElement("div");
    pictures.className = "pictures";
    pictures.append(captioned("the photo", [thumb("query", row, 160, words("query", row))]));
    const truth = own.slice(0, 4).map((other) => thumb("gallery", other, 96, words("gallery", other)));
    if (truth.length) pictures.append(captioned("what it should find", truth, "truth"));
    at("asked").replaceChildren(pictures, text);
    at("difference").textContent = difference(row);
    at("found").replaceChildren(...data.methods.map((m) => results(m, row)));
    at("spoken").textContent = `${words("query", row)}. ${data.methods.map((m) => `${m.name}: ${firstHit(m, row)}`).join("; ")}`;
    if (shown.length) draw();
  }
  const firstHit = (m, row) =>
    m.first[row] === null ? "its item is not in the gallery" : `first hit at rank ${m.first[row]}`;
  function captioned(words, pictures, kind = "") {
    const figure = document.createElement("figure");
    const [caption, box] = [document.createElement("figcaption"), document.createElement("div")];
    caption.textContent = words;
    box.append(...pictures);
    figure.className = kind;
    figure.append(caption, box);
    return figure;
  }
  function difference(row) { // the second method is what the first is held against
    const [first, second] = data.methods.map((m) => m.first[row]);
    if (first === null) return "The item of this query is not in the gallery.";
    if (first === second) return `Both find its item at rank ${first}.`;
    const [better, worse] = first < second ? [a, b] : [b, a];
    const [low, high] = [Math.min(first, second), Math.max(first, second)];
    return `${better} finds its item at rank ${low}, ${worse} at rank ${high}.`;
  }
  function results(m, row) {
    const title = document.createElement("h3");
    title.innerHTML = "<span></span> <small></small>";
    title.firstChild.textContent = m.name;
    title.lastChild.textContent = firstHit(m, row);
    const list = document.createElement("ol");
    m.ranks[row].forEach((other, i) => {
      const hit = data.gallery.item[other] === data.query.item[row];
      const entry = document.createElement("li");
      entry.className = hit ? "hit" : "miss";
      const similarity = m.similarities[row][i].toFixed(3);
      const label = `rank ${i + 1}, ${hit ? "hit" : "miss"}: ${words("gallery", other)}, similarity ${similarity}`;
      const mark = document.createElement("b");
      mark.textContent = hit ? "✓" : "✗";
      mark.setAttribute("aria-hidden", "true");
      entry.append(thumb("gallery", other, 96, label), `${i + 1} `, mark, ` ${similarity}`);
      entry.title = words("gallery", other);
      list.append(entry);
    });
    const box = document.createElement("div");
    box.append(title, list);
    return box;
  }
  function step(by) {
    const place = shown.indexOf(chosen);
    choose(shown[(place + by + shown.length) % shown.length]);
  }

  // ---- keyboard: the nearest query in the direction of the arrow

  const arrows = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
  function toward([dx, dy]) {
    const m = method();
    const from = cursor ?? chosen;
    let [best, least] = [from, Infinity];
    for (const row of shown) {
      const [x, y] = [m.query.x[row] - m.query.x[from], m.query.y[row] - m.query.y[from]];
      const [along, across] = [x * dx + y * dy, Math.abs(x * dy) + Math.abs(y * dx)];
      if (row !== from && along > 0 && across <= 2 * along && along + 2 * across < least) [best, least] = [row, along + 2 * across];
    }
    cursor = best;
    draw();
    tip({ side: "query", row: best, x: m.query.x[best], y: m.query.y[best] });
    at("spoken").textContent = `${words("query", best)}, ${found(m, best) ? "found" : "missed"}`;
  }
  at("map").addEventListener("keydown", (event) => {
    const act = {
      Enter: () => cursor !== null && choose(cursor), " ": () => cursor !== null && choose(cursor),
      Escape: () => tip(null), "+": () => zoom(0.7), "-": () => zoom(1 / 0.7), 0: whole,
    }[event.key] ?? (arrows[event.key] && shown.length && (() => toward(arrows[event.key])));
    if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    act();
  });
  at("map").addEventListener("blur", () => { cursor = null; tip(null); draw(); });

  at("filters").addEventListener("change", (event) => {
    if (event.target.id === "attribute") values();
    filter();
  });
  at("filters").addEventListener("reset", () => setTimeout(() => { values(); filter(); }));
  at("filters").addEventListener("submit", (event) => event.preventDefault());
  at("closer").addEventListener("click", () => zoom(0.7));
  at("farther").addEventListener("click", () => zoom(1 / 0.7));
  at("whole").addEventListener("click", whole);
  at("before").addEventListener("click", () => step(-1));
  at("after").addEventListener("click", () => step(1));
  filter();
  choose(shown.find((row) => ["10", "01"].includes(outcome(row))) ?? shown[0]); // one hit, one miss
  document.documentElement.dataset.ready = "yes";
})();
