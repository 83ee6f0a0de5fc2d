// Start reveal.js; a slide with more than fits is made smaller, down to half of its size. A long table
// that does not fit even then stays readable, and scrolls.
const LEAST = 0.5, READABLE = 0.7;

function fit(section) {
  if (!section || section.classList.contains("stack")) return;
  const parts = [...section.children];
  for (let size = 1; size >= LEAST; size -= 0.05) {
    for (const part of parts) part.style.zoom = size;
    if (fits(section)) return;
  }
  for (const part of parts) part.style.zoom = READABLE;
}

function fits(section) { // and no formula scrolls sideways
  const boxes = [...section.querySelectorAll("mjx-container[display]")];
  const wide = boxes.some((box) => box.scrollWidth > box.clientWidth + 1);
  return section.scrollHeight <= section.clientHeight + 1 && !wide;
}

function fitCurrent() {
  fit(Reveal.getCurrentSlide());
}

addEventListener("load", async () => { // the widgets stand, the formulas are set
  await Reveal.initialize({
    width: 1280, height: 720, margin: 0.02, center: false, hash: true, slideNumber: "c/t",
    transition: "none", plugins: [RevealNotes],
  });
  await globalThis.MathJax?.startup?.promise;
  for (const event of ["slidechanged", "resize"]) Reveal.on(event, fitCurrent);
  fitCurrent();
  document.body.dataset.ready = "yes";
});
