// Runs networks away from the page, which stays usable. Everything it needs comes as bytes: a page opened from disk
// could fetch nothing.
let ort;
const sessions = new Map();

const inflated = (data) => new Response(new Blob([data]).stream().pipeThrough(new DecompressionStream("gzip"))).arrayBuffer();
const blob = async (data, type) => URL.createObjectURL(new Blob([await inflated(data)], { type }));

const tasks = {
  async runtime({ runtime, loader, wasm }) {
    ort = await import(await blob(runtime, "text/javascript"));
    ort.env.logLevel = "error";
    const wasmPaths = { mjs: await blob(loader, "text/javascript"), wasm: await blob(wasm, "application/wasm") };
    Object.assign(ort.env.wasm, { numThreads: 1, wasmPaths });
  },
  async network({ name, network }) {
    const options = { executionProviders: ["wasm"] };
    sessions.set(name, await ort.InferenceSession.create(new Uint8Array(await inflated(network)), options));
  },
  async embed({ name, pixels, shape }) { // float (B, 3, S, S) -> float (B, d)
    const { embeddings } = await sessions.get(name).run({ pixels: new ort.Tensor("float32", pixels, shape) });
    return embeddings.data;
  },
};

// One thing at a time: a session computes one batch at once.
let queue = Promise.resolve();
onmessage = ({ data: { id, task, ...given } }) => {
  queue = queue.then(() => tasks[task](given)).then(
    (value) => postMessage({ id, value }),
    (error) => postMessage({ id, error: error.message }),
  );
};
