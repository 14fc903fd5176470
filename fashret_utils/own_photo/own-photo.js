// One photo against a gallery: the book's, or the reader's own shop. Nothing is loaded before the button is pressed.
(() => {
  "use strict";
  const about = JSON.parse(document.getElementById("about").textContent);
  const at = (id) => document.getElementById(id);
  const main = document.querySelector("main");
  const megabytes = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;
  const pictures = (n) => `${n} picture${n === 1 ? "" : "s"}`;
  const state = (text) => { at("status").textContent = text; };
  const models = new Map(about.models.map((model) => [model.name, model]));
  const THUMB = about.side.gallery;
  const OWN = "own"; // the value of the reader's own shop in the list of galleries
  let current, last; // the model in use, the photo searched with last

  function dress(theme) { document.documentElement.dataset.theme = theme; }
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const system = () => dress(dark.matches ? "dark" : "light");
  // the page around has a title already, and tells its theme
  document.documentElement.classList.toggle("framed", parent !== window);
  system();
  if (parent === window) dark.addEventListener("change", system);
  addEventListener("message", (event) => {
    if (["light", "dark"].includes(event.data?.theme)) dress(event.data.theme);
  });
  new ResizeObserver(() => parent.postMessage({ height: main.offsetHeight + 24 }, "*")).observe(main);

  // ---- the worker, and what it is given

  const waiting = new Map();
  let worker, asked = 0;
  function ask(task, given, transfer = []) {
    if (!worker) {
      worker = new Worker(URL.createObjectURL(new Blob([at("worker").textContent], { type: "text/javascript" })));
      worker.onmessage = ({ data: { id, value, error } }) => {
        const [resolve, reject] = waiting.get(id);
        waiting.delete(id);
        if (error === undefined) resolve(value);
        else reject(new Error(error));
      };
    }
    return new Promise((resolve, reject) => {
      waiting.set(++asked, [resolve, reject]);
      worker.postMessage({ id: asked, task, ...given }, transfer);
    });
  }
  const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const script = (source) => new Promise((resolve, reject) => {
    const element = document.createElement("script");
    Object.assign(element, { src: source, onload: resolve, onerror: () => reject(new Error(`${source} is not there`)) });
    document.head.append(element);
  });
  async function parts(name) {
    if (!self.parts?.[name]) await script(`${name}.js`);
    const found = self.parts[name];
    delete self.parts[name];
    return found;
  }
  async function picture(data) {
    const image = new Image();
    image.src = `data:image/webp;base64,${data}`;
    await image.decode();
    return image;
  }
  let started;
  async function runtime() {
    const found = await parts("runtime");
    await ask("runtime", Object.fromEntries(Object.entries(found).map(([name, text]) => [name, bytes(text)])));
  }
  async function choose(name) {
    const model = models.get(name);
    if (!model.ready) {
      state(`Loading ${model.label} …`);
      const { network, galleries, samples, ...more } = await parts(name);
      await ask("network", { name, network: bytes(network) });
      for (const gallery of galleries) gallery.vectors = new Float32Array(bytes(gallery.vectors).buffer);
      Object.assign(model, more, { galleries, samples, sheet: await picture(samples), ready: true });
    }
    current = model;
    model.shop ??= await kept(model.id);
    main.style.setProperty("--samples", `url(data:image/webp;base64,${model.samples})`);
    at("samples").replaceChildren(...model.streets.map(sample));
    at("work").hidden = false;
    at("shop").hidden = !model.symmetric;
    places();
    told();
    if (last) await search(...last);
    else state(`Ready: ${model.label} searches ${searched().captions.length} pictures.`);
  }
  async function load() {
    at("load").disabled = at("model").disabled = true;
    try {
      state("Loading the runtime …");
      await (started ??= runtime().catch((error) => { started = undefined; throw error; }));
      await choose(at("model").value);
      at("load").hidden = true;
    } finally {
      at("load").disabled = at("model").disabled = false;
    }
    at("model").focus({ preventScroll: true }); // the button that had it is gone
  }
  // One thing at a time, in the order in which it was asked for.
  let queue = Promise.resolve();
  const next = (work) => {
    queue = queue.then(work).catch((error) => {
      if (current) at("model").value = current.name;
      state(`This did not work: ${error.message}`);
    });
  };

  // ---- pictures

  function square(image, width, height, size) {
    // The middle square, halved until it is near its size: a browser's own reduction skips pixels.
    let side = Math.min(width, height);
    let [from, x, y] = [image, (width - side) / 2, (height - side) / 2];
    for (;;) {
      const next = side > 2 * size ? Math.ceil(side / 2) : size;
      const canvas = new OffscreenCanvas(next, next);
      const context = canvas.getContext("2d", { willReadFrequently: next === size });
      context.imageSmoothingQuality = "high";
      context.fillStyle = "white";
      context.fillRect(0, 0, next, next);
      context.drawImage(from, x, y, side, side, 0, 0, next, next);
      [from, x, y, side] = [canvas, 0, 0, next];
      if (next === size) return canvas;
    }
  }
  const seen = (canvas) => canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  function planes({ data }, into, place) { // RGBA bytes -> float (3, S, S)
    const n = current.size ** 2;
    for (let i = 0; i < n; i++) for (let c = 0; c < 3; c++) into[(3 * place + c) * n + i] = data[4 * i + c];
  }
  function occluded(pixels, size, down) { // (3, S, S) -> (windows, 3, S, S): one row of places of the grey window
    const count = about.windows;
    const wide = Math.floor(size / 4);
    const start = (i) => Math.round((i * (size - wide)) / (count - 1));
    const copies = new Float32Array(count * pixels.length);
    for (let across = 0; across < count; across++) {
      copies.set(pixels, across * pixels.length);
      const [top, left] = [start(down), start(across)];
      for (let c = 0; c < 3; c++) {
        for (let y = top; y < top + wide; y++) {
          const row = across * pixels.length + (c * size + y) * size + left;
          copies.fill(about.grey[c], row, row + wide);
        }
      }
    }
    return copies;
  }
  const embed = ({ name, size }, pixels, batch) => ask("embed", { name, pixels, shape: [batch, 3, size, size] });
  async function opened(file) {
    return createImageBitmap(file).catch(() => { throw new Error(`${file.name} is no picture the browser can read`); });
  }

  // ---- what is searched

  function searched() {
    const value = at("place").value;
    return value === OWN ? current.shop : current.galleries[Number(value)];
  }
  function places() {
    const own = current.shop.captions.length;
    const chosen = at("place").value;
    const options = current.galleries.map(({ name, captions }, i) => new Option(`${name} (${captions.length})`, i));
    if (own) options.push(new Option(`your own shop (${own})`, OWN));
    at("place").replaceChildren(...options);
    if (options.some(({ value }) => value === chosen)) at("place").value = chosen;
    note();
  }
  function note() { at("note-place").textContent = searched().note ?? ""; }
  const product = (vectors, row, query) => {
    let sum = 0;
    for (let i = 0; i < query.length; i++) sum += vectors[row * query.length + i] * query[i];
    return sum;
  };
  async function search(image, width, height) {
    last = [image, width, height];
    state("Searching …");
    const canvas = square(image, width, height, current.size);
    const pixels = new Float32Array(3 * current.size ** 2);
    planes(seen(canvas), pixels, 0);
    const gallery = searched();
    const query = await embed(current, pixels, 1);
    const found = Float32Array.from(gallery.captions, (_, row) => product(gallery.vectors, row, query));
    const order = [...found.keys()].sort((i, j) => found[j] - found[i]).slice(0, 8);
    show(canvas, gallery, order, found);
    state(`The most similar of ${pictures(found.length)} is ${gallery.captions[order[0]]}.`);
    const first = gallery.vectors.slice(order[0] * query.length, (order[0] + 1) * query.length);
    region(current, canvas, pixels, first, found[order[0]]).catch(() => {}); // an answer without it is one, too
  }
  let regions = 0;
  async function region(model, canvas, pixels, first, whole) {
    const [turn, lost] = [++regions, []];
    at("region-note").textContent = "looking for what mattered …";
    for (let down = 0; down < about.windows; down++) {
      const hidden = await embed(model, occluded(pixels, model.size, down), about.windows);
      if (turn !== regions) return; // another photo was asked for meanwhile
      for (let across = 0; across < about.windows; across++) lost.push(whole - product(hidden, across, first));
    }
    mark(canvas, lost);
  }

  // ---- the answer

  function line(text) {
    return Object.assign(document.createElement("span"), { textContent: text });
  }
  function thumb(sheet, columns, place, width, label) {
    const box = document.createElement("span");
    box.className = "thumb";
    box.setAttribute("role", "img");
    box.setAttribute("aria-label", label);
    const [x, y] = [place % columns, Math.floor(place / columns)].map((n) => -n * width);
    box.style.cssText = `width:${width}px;height:${width}px;background-image:${sheet};` +
      `background-position:${x}px ${y}px;background-size:${columns * width}px auto`;
    return box;
  }
  function sample(caption, place) {
    const button = document.createElement("button");
    button.type = "button";
    button.append(thumb("var(--samples)", current.streets.length, place, 72, `Search with this street picture: ${caption}`));
    const [{ sheet }, side] = [current, about.side.samples];
    button.addEventListener("click", () => next(async () => {
      await search(await createImageBitmap(sheet, place * side, 0, side, side), side, side);
    }));
    return button;
  }
  function mark(canvas, lost) {
    const most = Math.max(...lost, 1e-6);
    const heat = new OffscreenCanvas(about.windows, about.windows);
    const context = heat.getContext("2d");
    lost.forEach((value, i) => { // dark where hiding takes nothing away: what mattered shows through
      context.fillStyle = `rgba(10, 10, 30, ${0.8 * (1 - Math.sqrt(Math.max(0, value) / most))})`;
      context.fillRect(i % about.windows, Math.floor(i / about.windows), 1, 1);
    });
    at("region").getContext("2d").drawImage(heat, 0, 0, canvas.width, canvas.height);
    const best = lost.indexOf(Math.max(...lost));
    const third = (n) => Math.min(2, Math.floor((3 * n) / about.windows));
    const [down, across] = [["top", "middle", "bottom"][third(Math.floor(best / about.windows))],
      ["left", "centre", "right"][third(best % about.windows)]];
    at("region").setAttribute("aria-label", `The photo; what mattered most is at the ${down} ${across}`);
    at("region-note").textContent = "what mattered for rank 1";
  }
  function show(canvas, gallery, order, found) {
    for (const id of ["seen", "region"]) {
      Object.assign(at(id), { width: canvas.width, height: canvas.height });
      at(id).getContext("2d").drawImage(canvas, 0, 0);
    }
    at("region").setAttribute("aria-label", "The photo; what mattered is not known yet");
    if (gallery.sheet) main.style.setProperty("--gallery", `url(data:image/webp;base64,${gallery.sheet})`);
    at("ranks").replaceChildren(...order.map((row, i) => {
      const entry = document.createElement("li");
      const [caption, label] = [gallery.captions[row], `rank ${i + 1}: ${gallery.captions[row]}`];
      const lines = [...caption.split("/").at(-1).split(", "), found[row].toFixed(3)];
      const picture = gallery.sheet
        ? thumb("var(--gallery)", gallery.columns, row, 72, label)
        : thumb(`url(${gallery.thumbs[row]})`, 1, 0, 72, label);
      entry.append(picture, ...lines.map(line));
      return entry;
    }));
    at("answer").hidden = false;
  }
  async function file(given) {
    if (!given) return;
    const image = await opened(given);
    await search(image, image.width, image.height);
  }

  // ---- the reader's own shop: in this browser, and nowhere else

  const BATCH = 8;
  const say = (text) => { at("shop-status").textContent = text; };
  const settled = (request) => new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  let database; // undefined where this browser keeps nothing
  const opening = (async () => {
    const request = indexedDB.open("own-shop", 1);
    request.onupgradeneeded = () => request.result.createObjectStore("pictures", { keyPath: ["model", "caption"] });
    database = await settled(request);
  })().catch(() => undefined);
  const store = (mode) => database.transaction("pictures", mode).objectStore("pictures");
  const range = (model) => IDBKeyRange.bound([model, ""], [model, []]);

  // A shop is looked up by caption, so that a file chosen twice is there once.
  function shelf(rows) {
    const list = [...rows.values()];
    const wide = list[0]?.vector.length ?? 0;
    const vectors = new Float32Array(list.length * wide);
    list.forEach(({ vector }, i) => vectors.set(vector, i * wide));
    for (const row of list) row.url ??= URL.createObjectURL(row.thumb);
    return { rows, vectors, captions: list.map(({ caption }) => caption), thumbs: list.map(({ url }) => url) };
  }
  async function kept(model) {
    await opening;
    const rows = database ? await settled(store("readonly").getAll(range(model))) : [];
    return shelf(new Map(rows.map((row) => [row.caption, row])));
  }
  function told() {
    const count = current.shop.captions.length;
    at("forget").hidden = !count;
    if (count) say(`${pictures(count)} of yours ${database ? "are kept in this browser" : "are there until you leave this page"}.`);
    else say("");
  }
  let stopped;
  async function fill(files) {
    const model = current;
    const images = files.filter(({ type, name }) => type.startsWith("image/") || /\.(jpe?g|png|webp|gif|bmp|avif)$/i.test(name));
    if (!images.length) {
      say(`None of these ${files.length} files is a picture.`);
      return;
    }
    const { rows } = model.shop;
    const [bad, began] = [[], performance.now()];
    stopped = false;
    Object.assign(at("progress"), { hidden: false, max: images.length, value: 0 });
    at("stop").hidden = false;
    try {
      for (let begin = 0; begin < images.length && !stopped; begin += BATCH) {
        const batch = [];
        for (const each of images.slice(begin, begin + BATCH)) {
          try {
            const image = await opened(each);
            const [whole, small] = [model.size, THUMB].map((size) => square(image, image.width, image.height, size));
            image.close();
            const thumb = await small.convertToBlob({ type: "image/webp", quality: 0.8 });
            batch.push({ model: model.id, caption: each.webkitRelativePath || each.name, thumb, whole });
          } catch {
            bad.push(each.name);
          }
        }
        if (batch.length) {
          const pixels = new Float32Array(batch.length * 3 * model.size ** 2);
          batch.forEach(({ whole }, place) => planes(seen(whole), pixels, place));
          const vectors = await embed(model, pixels, batch.length);
          const wide = vectors.length / batch.length;
          const made = batch.map(({ whole, ...row }, i) => ({ ...row, vector: vectors.slice(i * wide, (i + 1) * wide) }));
          if (database) await Promise.all(made.map((row) => settled(store("readwrite").put(row))));
          for (const row of made) rows.set(row.caption, row);
        }
        const done = Math.min(begin + BATCH, images.length);
        const left = Math.round(((performance.now() - began) / done) * (images.length - done) / 1000);
        at("progress").value = done;
        say(`${done} of ${pictures(images.length)} embedded, about ${left} s left.`);
      }
    } finally {
      at("progress").hidden = at("stop").hidden = true;
      model.shop = shelf(rows);
    }
    places();
    told();
    if (bad.length) say(`${at("shop-status").textContent} Left out, no pictures: ${bad.slice(0, 5).join(", ")}${bad.length > 5 ? " …" : ""}.`);
    if (rows.size) at("place").value = OWN;
    note();
    if (last && rows.size) await search(...last);
    else state(`Ready: ${model.label} searches ${pictures(searched().captions.length)}.`);
  }
  async function forget() {
    if (database) await settled(store("readwrite").delete(range(current.id)));
    for (const url of current.shop.thumbs) URL.revokeObjectURL(url);
    current.shop = shelf(new Map());
    places();
    told();
    at("answer").hidden = true;
    last = undefined;
    say("Your pictures are forgotten.");
  }
  async function dropped(items) { // files, and those in folders
    const found = [];
    async function walk(entry, path) {
      if (entry.isFile) {
        const each = await new Promise((resolve, reject) => entry.file(resolve, reject));
        if (path) Object.defineProperty(each, "webkitRelativePath", { value: path + each.name });
        found.push(each);
        return;
      }
      const reader = entry.createReader();
      for (;;) {
        const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
        if (!some.length) return;
        for (const each of some) await walk(each, `${path}${entry.name}/`);
      }
    }
    for (const entry of items) await walk(entry, "");
    return found;
  }

  // ---- what the reader does

  function price() {
    const { weight } = models.get(at("model").value);
    at("load").textContent = `Load the model (${megabytes(about.runtime + weight)})`;
  }
  at("model").append(...about.models.map(({ name, label, weight }) => new Option(`${label} (${megabytes(weight)})`, name)));
  at("model").value = about.first;
  price();
  at("model").addEventListener("change", (event) => {
    price();
    if (current) next(() => choose(event.target.value));
  });
  at("place").addEventListener("change", () => {
    note();
    if (last) next(() => search(...last));
  });
  at("load").addEventListener("click", () => next(load));
  at("file").addEventListener("change", (event) => next(() => file(event.target.files[0])));
  for (const id of ["shop-files", "shop-folder"]) {
    at(id).addEventListener("change", (event) => {
      const files = [...event.target.files];
      if (files.length) next(() => fill(files));
    });
  }
  at("stop").addEventListener("click", () => { stopped = true; });
  at("forget").addEventListener("click", () => next(forget));
  for (const zone of [main, at("shop")]) {
    zone.addEventListener("dragover", (event) => { event.preventDefault(); event.stopPropagation(); zone.classList.add("over"); });
    zone.addEventListener("dragleave", () => zone.classList.remove("over"));
    zone.addEventListener("drop", (event) => {
      event.preventDefault();
      event.stopPropagation();
      zone.classList.remove("over");
      if (!current) {
        state("Load the model first.");
        return;
      }
      const entries = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry()).filter(Boolean);
      if (zone === main) {
        const [given] = event.dataTransfer.files;
        next(() => file(given));
      } else next(async () => fill(await dropped(entries)));
    });
  }
})();
