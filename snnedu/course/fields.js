// The view of fields: Python writes the fields (`form`) and the reply to each choice. A field holds
// radio buttons, whose choice is a number, or one input, whose choice is the text in it.

function render({ model, el }) {
  const view = Math.random(); // radio buttons of one name exclude each other
  el.innerHTML = model.get("form");
  const fields = [...el.querySelectorAll("fieldset")];
  fields.forEach((field, number) => {
    field.querySelectorAll("input").forEach((input, option) => {
      input.name = `${view}-${number}`;
      input.addEventListener("change", () => {
        const choice = input.type === "radio" ? option : input.value;
        model.set("chosen", { ...model.get("chosen"), [number]: choice });
        model.save_changes();
      });
    });
  });
  function choose() {
    for (const [number, choice] of Object.entries(model.get("chosen"))) {
      fields[number].querySelectorAll("input").forEach((input, option) => {
        if (input.type === "radio") input.checked = choice === option;
        else input.value = choice;
      });
    }
  }
  function reply() {
    for (const [number, html] of Object.entries(model.get("replies"))) {
      fields[number].querySelector("[role=status]").innerHTML = html;
    }
  }
  function lost() { // the kernel that would reply is no more
    model.off("comm_live_update", lost);
    for (const input of el.querySelectorAll("input, button")) input.disabled = true;
    el.append("The kernel has restarted. Run this cell again.");
  }
  model.on("comm_live_update", lost);
  model.on("change:chosen", choose);
  model.on("change:replies", reply);
  choose();
  reply();
  // A button only takes the focus from the input, which then says that it has changed.
  el.addEventListener("submit", (event) => event.preventDefault());
  // Otherwise JupyterLab takes the arrow keys to move from cell to cell.
  el.addEventListener("keydown", (event) => event.stopPropagation());
}

export default { render };
