// Escape takes away a tooltip that covers something, without moving pointer or focus (WCAG 1.4.13).
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const trigger of document.querySelectorAll('[data-bs-toggle="tooltip"][aria-describedby]')) {
    window.bootstrap?.Tooltip.getInstance(trigger)?.hide();
  }
});
