// One photo against a small gallery, with ONNX Runtime Web. Nothing is loaded before the button is pressed.
(() => {
  "use strict";
  const about = JSON.parse(document.getElementById("about").textContent);
  const at = (id) => document.getElementById(id);
  const main = document.querySelector("main");
  const state = (text) => { at("status").textContent = text; };
  let ort, session, sheets;

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
  new ResizeObserver(() => parent.postMessage({ height: main.offsetHeight + 16 }, "*")).observe(main);

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
  async function load() {
    at("load").disabled = true;
    state("Loading …");
    await script("load.js");
    const { runtime, loader, wasm, model, gallery, samples } = self.payload;
    delete self.payload;
    ort = await import(await blob(runtime, "text/javascript"));
    ort.env.logLevel = "error";
    const wasmPaths = { mjs: await blob(loader, "text/javascript"), wasm: await blob(wasm, "application/wasm") };
    Object.assign(ort.env.wasm, { numThreads: 1, wasmPaths });
    session = await ort.InferenceSession.create(new Uint8Array(await inflated(model)), { executionProviders: ["wasm"] });
    sheets = { gallery: await picture(gallery), samples: await picture(samples) };
    const style = document.createElement("style");
    style.textContent = `#answer .thumb { background-image: url(data:image/webp;base64,${gallery}); }
      #samples .thumb { background-image: url(data:image/webp;base64,${samples}); }`;
    document.head.append(style);
    at("samples").append(...about.samples.map(sample));
    at("load").hidden = true;
    at("work").hidden = false;
    state("Ready.");
  }
  const failed = (error) => {
    state(`This did not work: ${error.message}`);
    at("load").disabled = false;
  };

  // ---- one photo

  function square(image, width, height) {
    // The middle square, halved until it is near its size: a browser's own reduction skips pixels.
    let side = Math.min(width, height);
    let [from, x, y] = [image, (width - side) / 2, (height - side) / 2];
    for (;;) {
      const next = side > 2 * about.size ? Math.ceil(side / 2) : about.size;
      const canvas = new OffscreenCanvas(next, next);
      const context = canvas.getContext("2d");
      context.imageSmoothingQuality = "high";
      context.fillStyle = "white";
      context.fillRect(0, 0, next, next);
      context.drawImage(from, x, y, side, side, 0, 0, next, next);
      [from, x, y, side] = [canvas, 0, 0, next];
      if (next === about.size) return context.getImageData(0, 0, next, next);
    }
  }
  function planes({ data }) { // RGBA bytes -> float (3, S, S)
    const n = about.size ** 2;
    const pixels = new Float32Array(3 * n);
    for (let i = 0; i < n; i++) for (let c = 0; c < 3; c++) pixels[c * n + i] = data[4 * i + c];
    return pixels;
  }
  function occluded(pixels) { // (3, S, S) -> (windows * windows, 3, S, S)
    const [size, count] = [about.size, about.windows];
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
    const shape = [batch, 3, about.size, about.size];
    const { similarities: found } = await session.run({ pixels: new ort.Tensor("float32", pixels, shape) });
    return found.data; // (batch, gallery)
  }
  async function search(image, width, height) {
    state("Searching …");
    const seen = square(image, width, height);
    const pixels = planes(seen);
    const found = await similarities(pixels, 1);
    const order = [...found.keys()].sort((i, j) => found[j] - found[i]).slice(0, 8);
    const hidden = await similarities(occluded(pixels), about.windows ** 2);
    const lost = Array.from({ length: about.windows ** 2 }, (_, i) => found[order[0]] - hidden[i * found.length + order[0]]);
    show(seen, order, found, lost);
    state(`The most similar of ${found.length} garments is ${about.gallery[order[0]]}.`);
  }
  function thumb(name, place, width, label) {
    const box = document.createElement("span");
    box.className = "thumb";
    box.setAttribute("role", "img");
    box.setAttribute("aria-label", label);
    const columns = name === "gallery" ? about.columns : about.samples.length;
    const [x, y] = [place % columns, Math.floor(place / columns)].map((n) => -n * width);
    box.style.cssText = `width:${width}px;height:${width}px;background-position:${x}px ${y}px;` +
      `background-size:${columns * width}px auto`;
    return box;
  }
  function sample(caption, place) {
    const button = document.createElement("button");
    button.type = "button";
    button.append(thumb("samples", place, 72, `Search with this street picture: ${caption}`));
    button.addEventListener("click", async () => {
      const side = about.side.samples;
      const cut = await createImageBitmap(sheets.samples, place * side, 0, side, side);
      search(cut, side, side).catch(failed);
    });
    return button;
  }
  function show(seen, order, found, lost) {
    for (const id of ["seen", "region"]) {
      Object.assign(at(id), { width: about.size, height: about.size });
      at(id).getContext("2d").putImageData(seen, 0, 0);
    }
    const most = Math.max(...lost, 1e-6);
    const heat = new OffscreenCanvas(about.windows, about.windows);
    const context = heat.getContext("2d");
    lost.forEach((value, i) => { // dark where hiding takes nothing away: what mattered shows through
      context.fillStyle = `rgba(10, 10, 30, ${0.8 * (1 - Math.sqrt(Math.max(0, value) / most))})`;
      context.fillRect(i % about.windows, Math.floor(i / about.windows), 1, 1);
    });
    at("region").getContext("2d").drawImage(heat, 0, 0, about.size, about.size);
    const best = lost.indexOf(Math.max(...lost));
    const third = (n) => Math.min(2, Math.floor((3 * n) / about.windows));
    const [down, across] = [["top", "middle", "bottom"][third(Math.floor(best / about.windows))],
      ["left", "centre", "right"][third(best % about.windows)]];
    at("region").setAttribute("aria-label", `The photo; what mattered most is at the ${down} ${across}`);
    at("ranks").replaceChildren(...order.map((row, i) => {
      const entry = document.createElement("li");
      const similarity = found[row].toFixed(3);
      entry.append(thumb("gallery", row, 72, `rank ${i + 1}: ${about.gallery[row]}`), `${about.gallery[row]}, ${similarity}`);
      return entry;
    }));
    at("answer").hidden = false;
  }
  async function file(given) {
    if (!given) return;
    const image = await createImageBitmap(given).catch(() => { throw new Error("this file is no picture the browser can read"); });
    await search(image, image.width, image.height);
  }
  at("load").addEventListener("click", () => load().catch(failed));
  at("file").addEventListener("change", (event) => file(event.target.files[0]).catch(failed));
  main.addEventListener("dragover", (event) => { event.preventDefault(); main.classList.add("over"); });
  main.addEventListener("dragleave", () => main.classList.remove("over"));
  main.addEventListener("drop", (event) => {
    event.preventDefault();
    main.classList.remove("over");
    if (session) file(event.dataTransfer.files[0]).catch(failed);
    else state("Load the model first.");
  });
})();
