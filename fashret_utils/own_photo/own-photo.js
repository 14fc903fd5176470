// One photo against the small gallery of a model, with ONNX Runtime Web. Nothing is loaded before the button is pressed.
(() => {
  "use strict";
  const about = JSON.parse(document.getElementById("about").textContent);
  const at = (id) => document.getElementById(id);
  const main = document.querySelector("main");
  const megabytes = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;
  const state = (text) => { at("status").textContent = text; };
  const models = new Map(about.models.map((model) => [model.name, model]));
  let ort, current, last; // the runtime, the model in use, the photo searched with last

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

  // ---- loading

  const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const inflated = (text) =>
    new Response(new Blob([bytes(text)]).stream().pipeThrough(new DecompressionStream("gzip"))).arrayBuffer();
  const script = (source) => new Promise((resolve, reject) => {
    const element = document.createElement("script");
    Object.assign(element, { src: source, onload: resolve, onerror: () => reject(new Error(`${source} is not there`)) });
    document.head.append(element);
  });
  // The runtime's files come from memory: a page opened from disk could not fetch them.
  const blob = async (text, type) => URL.createObjectURL(new Blob([await inflated(text)], { type }));
  async function picture(data) {
    const image = new Image();
    image.src = `data:image/webp;base64,${data}`;
    await image.decode();
    return image;
  }
  async function parts(name) {
    if (!self.parts?.[name]) await script(`${name}.js`);
    const found = self.parts[name];
    delete self.parts[name];
    return found;
  }
  async function runtime() {
    const { runtime, loader, wasm } = await parts("runtime");
    const found = await import(await blob(runtime, "text/javascript"));
    found.env.logLevel = "error";
    const wasmPaths = { mjs: await blob(loader, "text/javascript"), wasm: await blob(wasm, "application/wasm") };
    Object.assign(found.env.wasm, { numThreads: 1, wasmPaths });
    return found;
  }
  async function choose(name) {
    const model = models.get(name);
    if (model.session === undefined) {
      state(`Loading ${model.label} …`);
      const { network, gallery, samples, ...more } = await parts(name);
      const session = await ort.InferenceSession.create(new Uint8Array(await inflated(network)), { executionProviders: ["wasm"] });
      const [sheet, sources] = [await picture(samples), { gallery, samples }];
      Object.assign(model, more, { session, sheet, sources });
    }
    current = model;
    paint("samples");
    at("samples").replaceChildren(...current.streets.map(sample));
    at("work").hidden = false;
    if (last) await search(...last);
    else state(`Ready: ${current.label} searches ${current.items.length} items.`);
  }
  async function load() {
    at("load").disabled = at("model").disabled = true;
    try {
      state("Loading the runtime …");
      ort ??= await runtime();
      await choose(at("model").value);
      at("load").hidden = true;
    } finally {
      at("load").disabled = at("model").disabled = false;
    }
    at("model").focus({ preventScroll: true }); // the button that had it is gone
  }
  const paint = (sheet) => main.style.setProperty(`--${sheet}`, `url(data:image/webp;base64,${current.sources[sheet]})`);

  // One thing at a time: a session computes one batch at once.
  let queue = Promise.resolve();
  const next = (work) => {
    queue = queue.then(work).catch((error) => {
      if (current) at("model").value = current.name;
      state(`This did not work: ${error.message}`);
    });
  };

  // ---- one photo

  function square(image, width, height) {
    // The middle square, halved until it is near its size: a browser's own reduction skips pixels.
    let side = Math.min(width, height);
    let [from, x, y] = [image, (width - side) / 2, (height - side) / 2];
    for (;;) {
      const next = side > 2 * current.size ? Math.ceil(side / 2) : current.size;
      const canvas = new OffscreenCanvas(next, next);
      const context = canvas.getContext("2d");
      context.imageSmoothingQuality = "high";
      context.fillStyle = "white";
      context.fillRect(0, 0, next, next);
      context.drawImage(from, x, y, side, side, 0, 0, next, next);
      [from, x, y, side] = [canvas, 0, 0, next];
      if (next === current.size) return context.getImageData(0, 0, next, next);
    }
  }
  function planes({ data }) { // RGBA bytes -> float (3, S, S)
    const n = current.size ** 2;
    const pixels = new Float32Array(3 * n);
    for (let i = 0; i < n; i++) for (let c = 0; c < 3; c++) pixels[c * n + i] = data[4 * i + c];
    return pixels;
  }
  function occluded(pixels) { // (3, S, S) -> (windows * windows, 3, S, S)
    const [size, count] = [current.size, about.windows];
    const wide = Math.floor(size / 4);
    const start = (i) => Math.round((i * (size - wide)) / (count - 1));
    const copies = new Float32Array(count * count * pixels.length);
    for (let place = 0; place < count * count; place++) {
      copies.set(pixels, place * pixels.length);
      const [top, left] = [start(Math.floor(place / count)), start(place % count)];
      for (let c = 0; c < 3; c++) {
        for (let y = top; y < top + wide; y++) {
          const row = place * pixels.length + (c * size + y) * size + left;
          copies.fill(about.grey[c], row, row + wide);
        }
      }
    }
    return copies;
  }
  async function similarities(pixels, batch) {
    const shape = [batch, 3, current.size, current.size];
    const { similarities: found } = await current.session.run({ pixels: new ort.Tensor("float32", pixels, shape) });
    return found.data; // (batch, gallery)
  }
  async function search(image, width, height) {
    last = [image, width, height];
    state("Searching …");
    const seen = square(image, width, height);
    const pixels = planes(seen);
    const found = await similarities(pixels, 1);
    const order = [...found.keys()].sort((i, j) => found[j] - found[i]).slice(0, 8);
    const hidden = await similarities(occluded(pixels), about.windows ** 2);
    const lost = Array.from({ length: about.windows ** 2 }, (_, i) => found[order[0]] - hidden[i * found.length + order[0]]);
    show(seen, order, found, lost);
    state(`The most similar of ${found.length} items is ${current.items[order[0]]}.`);
  }
  function line(text) {
    return Object.assign(document.createElement("span"), { textContent: text });
  }
  function thumb(name, place, width, label) {
    const box = document.createElement("span");
    box.className = "thumb";
    box.setAttribute("role", "img");
    box.setAttribute("aria-label", label);
    const columns = name === "gallery" ? current.columns : current.streets.length;
    const [x, y] = [place % columns, Math.floor(place / columns)].map((n) => -n * width);
    box.style.cssText = `width:${width}px;height:${width}px;background-position:${x}px ${y}px;` +
      `background-size:${columns * width}px auto`;
    return box;
  }
  function sample(caption, place) {
    const button = document.createElement("button");
    button.type = "button";
    button.append(thumb("samples", place, 72, `Search with this street picture: ${caption}`));
    const [{ sheet }, side] = [current, about.side.samples];
    button.addEventListener("click", () => next(async () => {
      await search(await createImageBitmap(sheet, place * side, 0, side, side), side, side);
    }));
    return button;
  }
  function show(seen, order, found, lost) {
    paint("gallery");
    for (const id of ["seen", "region"]) {
      Object.assign(at(id), { width: current.size, height: current.size });
      at(id).getContext("2d").putImageData(seen, 0, 0);
    }
    const most = Math.max(...lost, 1e-6);
    const heat = new OffscreenCanvas(about.windows, about.windows);
    const context = heat.getContext("2d");
    lost.forEach((value, i) => { // dark where hiding takes nothing away: what mattered shows through
      context.fillStyle = `rgba(10, 10, 30, ${0.8 * (1 - Math.sqrt(Math.max(0, value) / most))})`;
      context.fillRect(i % about.windows, Math.floor(i / about.windows), 1, 1);
    });
    at("region").getContext("2d").drawImage(heat, 0, 0, current.size, current.size);
    const best = lost.indexOf(Math.max(...lost));
    const third = (n) => Math.min(2, Math.floor((3 * n) / about.windows));
    const [down, across] = [["top", "middle", "bottom"][third(Math.floor(best / about.windows))],
      ["left", "centre", "right"][third(best % about.windows)]];
    at("region").setAttribute("aria-label", `The photo; what mattered most is at the ${down} ${across}`);
    at("ranks").replaceChildren(...order.map((row, i) => {
      const entry = document.createElement("li");
      const lines = [...current.items[row].split(", "), found[row].toFixed(3)];
      entry.append(thumb("gallery", row, 72, `rank ${i + 1}: ${current.items[row]}`), ...lines.map(line));
      return entry;
    }));
    at("answer").hidden = false;
  }
  async function file(given) {
    if (!given) return;
    const image = await createImageBitmap(given).catch(() => { throw new Error("this file is no picture the browser can read"); });
    await search(image, image.width, image.height);
  }
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
  at("load").addEventListener("click", () => next(load));
  at("file").addEventListener("change", (event) => next(() => file(event.target.files[0])));
  main.addEventListener("dragover", (event) => { event.preventDefault(); main.classList.add("over"); });
  main.addEventListener("dragleave", () => main.classList.remove("over"));
  main.addEventListener("drop", (event) => {
    event.preventDefault();
    main.classList.remove("over");
    const [dropped] = event.dataTransfer.files;
    if (current) next(() => file(dropped));
    else state("Load the model first.");
  });
})();
