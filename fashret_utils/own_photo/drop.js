// A field that takes a picture file, chosen or dropped, and sends its bytes to the kernel.
const LIMIT = 8e6; // bytes; a notebook server closes connections that send more than 10 MB at once

function render({ model, el }) {
  const zone = document.createElement("label");
  zone.className = "own-photo-drop";
  const input = document.createElement("input");
  input.type = "file";
  input.accept = "image/*";
  const hint = document.createElement("span");
  hint.textContent = "Drop a photo here, or choose one:";
  const said = document.createElement("output");
  zone.append(hint, input, said);
  el.append(zone);

  async function take(file) {
    if (!file) return;
    if (file.size > LIMIT) {
      said.textContent = `${file.name} has ${(file.size / 1e6).toFixed(1)} MB, the largest is ${LIMIT / 1e6} MB: save it smaller.`;
      return;
    }
    said.textContent = "";
    model.send({ name: file.name }, undefined, [await file.arrayBuffer()]);
  }
  input.addEventListener("change", () => take(input.files[0]));
  // Lab opens a dropped file unless it is told not to.
  for (const type of ["dragenter", "dragover", "dragleave", "drop"]) {
    zone.addEventListener(type, (event) => {
      event.preventDefault();
      event.stopPropagation();
      zone.classList.toggle("over", type === "dragenter" || type === "dragover");
      if (type !== "drop") return;
      input.files = event.dataTransfer.files; // so that the field names it
      take(input.files[0]);
    });
  }
}

export default { render };
