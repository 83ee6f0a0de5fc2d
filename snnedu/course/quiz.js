// The view of a quiz: Python writes the questions (`form`) and the reply to each choice.

function render({ model, el }) {
  const view = Math.random(); // radio buttons of one name exclude each other
  el.innerHTML = model.get("form");
  const fields = [...el.querySelectorAll("fieldset")];
  fields.forEach((field, number) => {
    field.querySelectorAll("input").forEach((input, option) => {
      input.name = `${view}-${number}`;
      input.checked = model.get("chosen")[number] === option;
      input.addEventListener("change", () => {
        model.set("chosen", { ...model.get("chosen"), [number]: option });
        model.save_changes();
      });
    });
  });
  function reply() {
    for (const [number, html] of Object.entries(model.get("replies"))) {
      fields[number].querySelector("[role=status]").innerHTML = html;
    }
  }
  model.on("change:replies", reply);
  reply();
  // Otherwise JupyterLab takes the arrow keys to move from cell to cell.
  el.addEventListener("keydown", (event) => event.stopPropagation());
}

export default { render };
